using System.Net;

namespace OrleansServe.Transfer.Wire;

/// <summary>How a silo's data plane listens, dials and limits what peers may do.</summary>
public sealed record WireOptions
{
    /// <summary>Silos of other clusters are refused.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Name of this silo.</summary>
    public required string SiloName { get; init; }

    /// <summary>Number of this start of the silo; another after each restart.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>Address to listen on.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>Port to listen on; 0 for a free one.</summary>
    public int Port { get; init; }

    /// <summary>Host that peers dial; null for <see cref="Listen"/>.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>Port that peers dial; null for the one listened on.</summary>
    public int? AdvertisedPort { get; init; }

    /// <summary>Mutual TLS; null for none.</summary>
    public WireTlsOptions? Tls { get; init; }

    /// <summary>Connections for KV to each peer. Token frames and expert rows have one of their own each, so that they never stand behind KV.</summary>
    public int KvConnections { get; init; } = 2;

    /// <summary>Connections that are accepted at once.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Connections whose handshake may be under way at once.</summary>
    public int MaxHandshakes { get; init; } = 64;

    /// <summary>Streams that a peer may have open on one connection.</summary>
    public int MaxStreams { get; init; } = 4096;

    /// <summary>How long a handshake may take, dialling included.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often a peer is asked whether it is there.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Pings in a row without an answer after which a peer counts as dead.</summary>
    public int MissedPings { get; init; } = 3;

    /// <summary>How long a peer that could not be reached is not dialled again.</summary>
    public TimeSpan RedialDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a token channel whose connection broke may take to go on over a new one before its worker counts as lost.</summary>
    public TimeSpan ResumeLimit { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a connection without a stream is kept.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes of one layer of one KV block at most.</summary>
    public int MaxKvBytes { get; init; } = 16 << 20;

    /// <summary>KV bytes of one transfer that may be on their way.</summary>
    public int KvWindowBytes { get; init; } = 8 << 20;

    /// <summary>Bytes of one token frame at most.</summary>
    public int MaxTokenFrameBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of token frames that a channel keeps because the gateway has not confirmed them; beyond it the channel is lost.</summary>
    public int TokenBacklogBytes { get; init; } = 4 << 20;

    /// <summary>Bytes of one batch of expert rows, or of their outputs, at most.</summary>
    public int MaxExpertBytes { get; init; } = 128 << 20;

    /// <summary>Expert batches of one channel that may be under way.</summary>
    public int MaxExpertBatches { get; init; } = 8;

    /// <summary>Bytes that may wait to be written to one connection.</summary>
    public int MaxPendingBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of large payloads that all connections together may be receiving.</summary>
    public long ReceiveBudgetBytes { get; init; } = 512L << 20;

    /// <summary>Every fault of these options, each naming field, limit and value.</summary>
    public IReadOnlyList<string> Validate()
    {
        List<string> faults = [];
        Text(nameof(ClusterId), ClusterId);
        Text(nameof(SiloName), SiloName);
        if (SiloName?.Contains('/', StringComparison.Ordinal) == true)
        {
            faults.Add($"SiloName must have no slash, and is '{SiloName}'");
        }

        InRange(nameof(Port), Port, 0, ushort.MaxValue);
        InRange(nameof(AdvertisedPort), AdvertisedPort ?? 1, 1, ushort.MaxValue);
        InRange(nameof(KvConnections), KvConnections, 1, 16);
        InRange(nameof(MaxConnections), MaxConnections, 1, 1 << 16);
        InRange(nameof(MaxHandshakes), MaxHandshakes, 1, 1 << 12);
        InRange(nameof(MaxStreams), MaxStreams, 1, 1 << 20);
        InRange(nameof(MissedPings), MissedPings, 1, 1000);
        InRange(nameof(MaxKvBytes), MaxKvBytes, 1 << 10, 1 << 28);
        InRange(nameof(KvWindowBytes), KvWindowBytes, 1 << 10, 1 << 28);
        InRange(nameof(MaxTokenFrameBytes), MaxTokenFrameBytes, 1 << 10, 1 << 24);
        InRange(nameof(TokenBacklogBytes), TokenBacklogBytes, 1 << 10, 1 << 28);
        InRange(nameof(MaxExpertBytes), MaxExpertBytes, 1 << 10, 1 << 30);
        InRange(nameof(MaxExpertBatches), MaxExpertBatches, 1, 1024);
        InRange(nameof(MaxPendingBytes), MaxPendingBytes, 1 << 14, 1 << 30);
        InRange(nameof(ReceiveBudgetBytes), ReceiveBudgetBytes, Math.Max(MaxKvBytes + 64, MaxExpertBytes), 1L << 40);
        Positive(nameof(HandshakeTimeout), HandshakeTimeout);
        Positive(nameof(PingInterval), PingInterval);
        Positive(nameof(RedialDelay), RedialDelay);
        Positive(nameof(ResumeLimit), ResumeLimit);
        Positive(nameof(IdleTimeout), IdleTimeout);
        if (Tls is { Certificate.HasPrivateKey: false })
        {
            faults.Add("Tls.Certificate must have its private key");
        }

        if (Tls is { PeerName: { } name })
        {
            if (Uri.CheckHostName(name) != UriHostNameType.Dns)
            {
                faults.Add($"Tls.PeerName must be a DNS name, and is '{name}'");
            }
            else if (!Tls.Certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false))
            {
                faults.Add($"Tls.Certificate must bear the name '{name}' itself");
            }
        }

        if (Tls is { Roots.Count: 0 })
        {
            faults.Add("Tls.Roots must name at least one authority");
        }

        return faults;

        void Text(string name, string? value)
        {
            if (value is not { Length: > 0 and <= 128 })
            {
                faults.Add($"{name} must have 1..128 characters, and has {value?.Length ?? 0}");
            }
        }

        void InRange(string name, long value, long low, long high)
        {
            if (value < low || value > high)
            {
                faults.Add($"{name} must be in {low}..{high}, and is {value}");
            }
        }

        void Positive(string name, TimeSpan value)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromHours(1))
            {
                faults.Add($"{name} must be above 0 and at most an hour, and is {value}");
            }
        }
    }
}
