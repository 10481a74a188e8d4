using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>A connection that a peer dialled: takes the streams that the peer opens to their receivers.</summary>
internal sealed class ServerConnection : WireConnection
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Intake> _intakes = [];
    private uint _lastId;

    private readonly string _remote;

    /// <param name="context">The data plane.</param>
    /// <param name="stream">The connection.</param>
    /// <param name="reader">Has read the greeting.</param>
    /// <param name="hello">The greeting.</param>
    /// <param name="remote">Where the connection comes from.</param>
    public ServerConnection(WireContext context, Stream stream, FrameReader reader, Hello hello, string remote)
        : base(context, stream, reader, $"{hello.Silo}/{hello.Incarnation:x16} at {remote} ({hello.Lane})", dialled: false)
    {
        Hello = hello;
        _remote = remote;
    }

    /// <summary>Who dialled.</summary>
    public Hello Hello { get; }

    protected override void OnFrame(FrameType type, uint stream, ReadOnlySpan<byte> payload)
    {
        if (type == FrameType.Open)
        {
            Open(stream, OpenFrame.Read(payload));
            return;
        }

        if (stream > _lastId)
        {
            throw new WireFormatException($"{type} names stream {stream}, the last that was opened is {_lastId}");
        }

        // What was on its way when this side ended the stream has no taker, and needs none.
        if (_intakes.TryGetValue(stream, out Intake? intake) && !intake.Take(type, payload))
        {
            Remove(stream);
        }
    }

    protected override void OnClosed(string reason)
    {
        Intake[] intakes;
        lock (_lock)
        {
            intakes = [.. _intakes.Values];
            _intakes.Clear();
        }

        Context.Statistics.Streams(-intakes.Length);
        foreach (Intake intake in intakes)
        {
            intake.OnLost(reason);
        }

        if (intakes.Any(intake => intake.WaitsForPeer) && !Context.Ending.IsCancellationRequested)
        {
            Context.Tasks.Run($"probe of {Peer}", () => LookAfterPeerAsync(intakes));
        }
    }

    protected override void OnTick()
    {
        Intake[] intakes;
        lock (_lock)
        {
            if (_intakes.Count == 0)
            {
                return;
            }

            intakes = [.. _intakes.Values];
        }

        foreach (Intake intake in intakes)
        {
            intake.OnTick();
        }
    }

    private void Open(uint id, OpenFrame open)
    {
        if (id != _lastId + 1)
        {
            throw new WireFormatException($"Open names stream {id} where {_lastId + 1} is due");
        }

        _lastId = id;
        if (_intakes.Count >= Context.Options.MaxStreams)
        {
            ResetFrame.Send(this, Context.Statistics, id, $"{Context.Options.MaxStreams} streams are open on the connection, which is the limit");
            return;
        }

        if (Begin(id, open, out string? refusal) is not { } intake)
        {
            ResetFrame.Send(this, Context.Statistics, id, refusal ?? "refused");
            return;
        }

        lock (_lock)
        {
            _intakes.Add(id, intake);
        }

        Context.Statistics.Streams(1);
    }

    private async Task LookAfterPeerAsync(Intake[] intakes)
    {
        if (await PeerProbe.IsGoneAsync(Context, Hello.Address, _remote).ConfigureAwait(false))
        {
            foreach (Intake intake in intakes)
            {
                intake.OnPeerGone();
            }
        }
    }

    private Intake? Begin(uint id, OpenFrame open, out string? refusal)
    {
        refusal = null;
        switch (open.Kind)
        {
            case StreamKind.Kv when Context.Local.FindKv(open.Name) is { } receiver:
                return KvIntake.TryBegin(Context, this, id, open, receiver, out refusal);
            case StreamKind.Experts when Context.Local.FindExperts(open.Name) is { } receiver:
                return new ExpertIntake(Context, this, id, receiver);
            case StreamKind.Tokens when Context.Local.FindTokens() is { } receiver:
                return Context.TokenIntakes.TryAttach(Context, this, id, open, receiver, out refusal);
            case StreamKind.Kv or StreamKind.Experts:
                refusal = $"it has no device '{open.Name}' of that kind";
                return null;
            case StreamKind.Tokens:
                refusal = "it has no gateway";
                return null;
            default:
                throw new WireFormatException($"stream kind {(byte)open.Kind} is not known");
        }
    }

    private void Remove(uint stream)
    {
        lock (_lock)
        {
            _intakes.Remove(stream);
        }

        Context.Statistics.Streams(-1);
    }
}
