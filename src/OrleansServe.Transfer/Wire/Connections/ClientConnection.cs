using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>A connection that this silo dialled. Streams are opened by the dialler alone; each has a number of its own for as long as the connection lives.</summary>
internal sealed class ClientConnection : WireConnection
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, ClientStream> _streams = [];
    private uint _lastId;
    private string? _closed;
    private long _lastUse;

    public ClientConnection(WireContext context, Stream stream, FrameReader reader, string peer, Welcome welcome)
        : base(context, stream, reader, peer, dialled: true)
    {
        Welcome = welcome;
        _lastUse = context.Time.GetTimestamp();
    }

    /// <summary>What the peer takes.</summary>
    public Welcome Welcome { get; }

    /// <summary>Gives a stream its number and lets it open itself.</summary>
    /// <returns>False where the connection has ended.</returns>
    public bool TryAttach(ClientStream stream)
    {
        uint id;
        bool full;
        lock (_lock)
        {
            if (_closed is not null)
            {
                return false;
            }

            full = _streams.Count >= Welcome.MaxStreams;
            id = ++_lastId;
            if (!full)
            {
                _streams.Add(id, stream);
                Context.Statistics.Streams(1);
            }
        }

        if (full)
        {
            stream.OnLost($"{Welcome.MaxStreams} streams are open on the connection, which is the limit", isGone: false);
        }
        else
        {
            stream.OnAttached(this, id);
        }

        return true;
    }

    /// <summary>The stream has ended.</summary>
    public void Detach(uint id)
    {
        lock (_lock)
        {
            if (_streams.Remove(id))
            {
                Context.Statistics.Streams(-1);
                _lastUse = Context.Time.GetTimestamp();
            }
        }
    }

    protected override void OnFrame(FrameType type, uint stream, ReadOnlySpan<byte> payload)
    {
        ClientStream? target;
        lock (_lock)
        {
            _streams.TryGetValue(stream, out target);
        }

        // What was on its way when this side ended the stream has no taker, and needs none.
        target?.OnFrame(type, payload);
    }

    protected override void OnClosed(string reason)
    {
        ClientStream[] streams;
        lock (_lock)
        {
            _closed = reason;
            streams = [.. _streams.Values];
            Context.Statistics.Streams(-_streams.Count);
            _streams.Clear();
        }

        foreach (ClientStream stream in streams)
        {
            stream.OnLost(reason, isGone: false);
        }
    }

    protected override void OnTick()
    {
        lock (_lock)
        {
            if (_closed is not null || _streams.Count > 0 || Context.Time.GetElapsedTime(_lastUse) < Context.Options.IdleTimeout)
            {
                return;
            }

            // No stream can begin any more: whoever asks finds the connection ended and has another dialled.
            _closed = "it was idle";
        }

        Fail("it was idle", orderly: true);
    }
}
