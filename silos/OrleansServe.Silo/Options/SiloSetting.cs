using System.Globalization;
using System.Net;

using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Silo.Options;

/// <summary>One setting: how it is named, what it may be, and where it goes. The command line, the environment and files share the table.</summary>
/// <param name="Key">Name in files (section <c>OrleansServe</c>) and, after <c>ORLEANSSERVE__</c>, in the environment; case does not matter.</param>
/// <param name="Flag">Name on the command line.</param>
/// <param name="Value">What stands for the value in help; empty for a switch.</param>
/// <param name="Help">One line for help.</param>
/// <param name="Apply">Puts a value written as text into the options, or throws a <see cref="FormatException"/> that says what is allowed.</param>
public sealed record SiloSetting(string Key, string Flag, string Value, string Help, Func<SiloOptions, string, SiloOptions> Apply)
{
    /// <summary>Every setting, in the order of help.</summary>
    public static IReadOnlyList<SiloSetting> All { get; } =
    [
        new("Model", "--model", "FOLDER", "Model folder in HuggingFace form (default: the embedded tiny-r1)", (o, v) => o with { Model = Text(v) }),
        new("Name", "--name", "NAME", "Name that requests use for the model (default: the folder's name)", (o, v) => o with { ModelName = Name(v) }),
        new("Weights", "--weights", "FORMAT", WeightFormats.Help, (o, v) => o with { Weights = WeightFormats.Parse(v) }),
        new("ExpertRows", "--expert-rows", "FORMAT", ExpertRowFormats.Help, (o, v) => o with { ExpertRows = ExpertRowFormats.Parse(v) }),
        new("Port", "--port", "N", "Port of gRPC; 0 takes a free one (default 50051)", (o, v) => o with { Port = Number(v, 0, IPEndPoint.MaxPort) }),
        new("HttpPort", "--http-port", "N", "Port of /metrics, /healthz and /readyz; 0 takes a free one (default 8080)", (o, v) => o with { HttpPort = Number(v, 0, IPEndPoint.MaxPort) }),
        new("Listen", "--listen", "ADDR", "Address to listen on; 0.0.0.0 for all (default 127.0.0.1)", (o, v) => o with { Listen = Address(v) }),
        new("Prefill", "--prefill", "N", "Prefill workers (default 1)", (o, v) => o with { PrefillWorkers = Number(v, 1, 64) }),
        new("Decode", "--decode", "N", "Decode workers (default 1)", (o, v) => o with { DecodeWorkers = Number(v, 1, 64) }),
        new("Experts", "--experts", "N", "Expert shards of this process; 0 leaves the experts to the other workers (default 2)", (o, v) => o with { ExpertShards = Number(v, 0, 64) }),
        new("KvBlocks", "--kv-blocks", "N", "KV blocks of 64 tokens of each worker (default 512)", (o, v) => o with { KvBlocks = Number(v, 1, 1 << 24) }),
        new("MaxBatchTokens", "--max-batch-tokens", "N", "Tokens of one model step at most (default 512)", (o, v) => o with { MaxBatchTokens = Number(v, 1, 1 << 16) }),
        new("MaxRequests", "--max-requests", "N", "Requests that a worker holds at most (default 256)", (o, v) => o with { MaxRequests = Number(v, 1, 1 << 16) }),
        new("SpeculativeTokens", "--speculative-tokens", "N", "Drafts of each stream that a step verifies at most, made by the model's MTP layer; 0 for none (default 1)", (o, v) => o with { SpeculativeTokens = Number(v, 0, 8) }),
        new("Threads", "--threads", "N", "Threads of each engine; 0 for one per processor (default 0)", (o, v) => o with { Threads = Number(v, 0, 1024) }),
        new("OverlapRows", "--overlap-rows", "N", "Rows of a step from which on one half is computed while rows of the other are with experts on other silos; 0 for never (default 8)", (o, v) => o with { OverlapRows = Number(v, 0, 1 << 16) }),
        new("DrainSeconds", "--drain-seconds", "N", "Seconds that running answers have to end once the server is told to stop (default 15)", (o, v) => o with { DrainLimit = TimeSpan.FromSeconds(Number(v, 1, 86_400)) }),
        new("FaultHoldSeconds", "--fault-hold-seconds", "N", "Containers: seconds that a silo which cannot start says why at /readyz before it ends (default 0)", (o, v) => o with { FaultHold = TimeSpan.FromSeconds(Number(v, 0, 86_400)) }),
        new("SiloName", "--silo-name", "NAME", "Name of this silo, the node of its workers (default silo-0; with --redis the machine's name and --silo-port)", (o, v) => o with { SiloName = Name(v) }),
        new("Roles", "--roles", "LIST", "gateway, prefill, decode, expert (default all; some of them with --redis only)", (o, v) => o with { Roles = SiloRoleList.Parse(v) }),
        new("ClusterId", "--cluster-id", "NAME", "Silos of another cluster are not talked to (default orleansserve)", (o, v) => o with { ClusterId = Name(v) }),
        new("DataPlane", "--data-plane", "KIND", "How workers reach each other: in-process or tcp (default in-process; with --redis tcp)", (o, v) => o with { DataPlane = o.DataPlane with { Kind = Kind(v) } }),
        new("DataPlaneListen", "--data-plane-listen", "ADDR", "tcp: address to listen on (default --silo-host)", (o, v) => o with { DataPlane = o.DataPlane with { Listen = Address(v) } }),
        new("DataPlanePort", "--data-plane-port", "N", "tcp: port to listen on; 0 takes a free one (default 0)", (o, v) => o with { DataPlane = o.DataPlane with { Port = Number(v, 0, IPEndPoint.MaxPort) } }),
        new("DataPlaneHost", "--data-plane-host", "HOST", "tcp: host that other silos dial (default: --silo-host, or the address listened on)", (o, v) => o with { DataPlane = o.DataPlane with { AdvertisedHost = Name(v) } }),
        new("DataPlaneHostPort", "--data-plane-host-port", "N", "tcp: port that other silos dial (default: the one listened on)", (o, v) => o with { DataPlane = o.DataPlane with { AdvertisedPort = Number(v, 1, IPEndPoint.MaxPort) } }),
        new("TlsCertificate", "--tls-certificate", "FILE", "tcp: PEM file of this silo's certificate; goes with the next two", (o, v) => o with { DataPlane = o.DataPlane with { Certificate = Text(v) } }),
        new("TlsKey", "--tls-key", "FILE", "tcp: PEM file of its private key", (o, v) => o with { DataPlane = o.DataPlane with { Key = Text(v) } }),
        new("TlsAuthority", "--tls-authority", "FILE", "tcp: PEM file of the authorities whose silos are let in", (o, v) => o with { DataPlane = o.DataPlane with { Authority = Text(v) } }),
        new("Prices", "--prices", "FILE", "JSON file of what tokens are sold for and nodes cost (default: nothing costs anything)", (o, v) => o with { Prices = PriceFile.Read(Text(v)) }),
        .. FleetSettings.All,
        .. ClusteringSettings.All,
        new("TlsPeerName", "--tls-peer-name", "NAME", "tcp: DNS name that every silo's certificate bears, where the authority signs for others too", (o, v) => o with { DataPlane = o.DataPlane with { PeerName = Name(v) } }),
        .. ServingSettings.All,
        .. ExpertSettings.All,
        new("JsonLogs", "--json-logs", "", "Write logs as one JSON object a line", (o, v) => o with { JsonLogs = Switch(v) }),
        new("Verbose", "--verbose", "", "Log what happens, not only what goes wrong", (o, v) => o with { Verbose = Switch(v) }),
    ];

    internal static int Number(string text, int low, int high) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= low && value <= high
            ? value
            : throw new FormatException($"must be a number in {low}..{high}, not '{text}'");

    internal static string Text(string text) =>
        string.IsNullOrWhiteSpace(text) ? throw new FormatException("must not be empty") : text;

    internal static string Name(string text) =>
        text.Length is > 0 and <= 128 && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '/')
            ? text
            : throw new FormatException($"must be 1 to 128 characters without spaces and slashes, not '{text}'");

    internal static IPAddress Address(string text) => text == "localhost"
        ? IPAddress.Loopback
        : IPAddress.TryParse(text, out IPAddress? address)
            ? address
            : throw new FormatException($"must be an IP address or localhost, not '{text}'");

    private static DataPlaneKind Kind(string text) => text switch
    {
        "in-process" => DataPlaneKind.InProcess,
        "tcp" => DataPlaneKind.Tcp,
        _ => throw new FormatException($"must be in-process or tcp, not '{text}'"),
    };

    private static bool Switch(string text) => bool.TryParse(text, out bool value)
        ? value
        : throw new FormatException($"must be true or false, not '{text}'");
}
