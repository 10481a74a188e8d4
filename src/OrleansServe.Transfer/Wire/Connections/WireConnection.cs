using System.Buffers.Binary;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>One connection after its handshake: reads frames and hands them on, asks whether the peer is there, and ends once, for one reason.</summary>
internal abstract class WireConnection
{
    private readonly Stream _stream;
    private readonly FrameReader _reader;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _ping = new byte[sizeof(ulong)];
    private string? _reason;
    private bool _orderly;
    private string? _farewell;
    private int _unanswered;
    private long _progress;
    private ulong _pings;

    protected WireConnection(WireContext context, Stream stream, FrameReader reader, string peer, bool dialled)
    {
        Context = context;
        Peer = peer;
        IsDialled = dialled;
        _stream = stream;
        _reader = reader;
        Writer = new FrameWriter(stream, context.Options.MaxPendingBytes, context.Statistics, reason => Fail(reason));
    }

    /// <summary>Sends frames.</summary>
    public FrameWriter Writer { get; }

    /// <summary>The peer for logs.</summary>
    public string Peer { get; }

    /// <summary>Completes when the connection has ended and everything on it has been told.</summary>
    public Task Ended => _ended.Task;

    protected WireContext Context { get; }

    private bool IsDialled { get; }

    /// <summary>Serves the connection until it ends.</summary>
    /// <returns>Why it ended.</returns>
    public async Task<string> RunAsync()
    {
        Context.Statistics.Connections(1);
        Context.Observer.OnConnected(Peer, IsDialled);
        Task writing = Writer.RunAsync();
        ITimer keepAlive = Context.Time.CreateTimer(static self => ((WireConnection)self!).Tick(), this, Context.Options.PingInterval, Context.Options.PingInterval);
        try
        {
            await ReadAsync().ConfigureAwait(false);
        }
        finally
        {
            await keepAlive.DisposeAsync().ConfigureAwait(false);
            Fail("the connection's reader failed");
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _reader.Dispose();
            Context.Statistics.Connections(-1);
            if (!_orderly)
            {
                Context.Statistics.PeerLost();
            }

            OnClosed(_reason!);
            Context.Observer.OnDisconnected(Peer, _reason!, _orderly);
            _ended.TrySetResult();
        }

        await writing.ConfigureAwait(false);
        return _reason!;
    }

    /// <summary>Gives the connection up; what is on its way is lost.</summary>
    public void Fail(string reason, bool orderly = false)
    {
        lock (_lock)
        {
            if (_reason is not null)
            {
                return;
            }

            // Whatever happens behind a farewell is its consequence.
            _reason = reason = _farewell ?? reason;
            _orderly = orderly || _farewell is not null;
        }

        Writer.Close(reason);
        _stream.Dispose();
    }

    /// <summary>Ends the connection once what is queued has gone out and the peer has seen it, or after a while.</summary>
    public async Task CloseAsync(string reason)
    {
        lock (_lock)
        {
            _farewell ??= reason;
        }

        WireBuffer text = new();
        text.PutText(reason, 256);
        Writer.Send(FrameType.Goodbye, 0, text.Span);
        try
        {
            await Ended.WaitAsync(TimeSpan.FromSeconds(1), Context.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Fail(reason, orderly: true);
        }
    }

    /// <summary>Takes a frame that belongs to a stream.</summary>
    protected abstract void OnFrame(FrameType type, uint stream, ReadOnlySpan<byte> payload);

    /// <summary>Nothing more comes or goes.</summary>
    protected abstract void OnClosed(string reason);

    /// <summary>Called at each ping.</summary>
    protected abstract void OnTick();

    private async Task ReadAsync()
    {
        try
        {
            while (await _reader.ReadAsync(CancellationToken.None).ConfigureAwait(false) is { } header)
            {
                bool goodbye = !Handle(header, _reader.Payload);
                _reader.Release();
                if (goodbye)
                {
                    return;
                }
            }

            Fail("the peer closed the connection");
        }
        catch (WireFormatException e)
        {
            Context.Statistics.ProtocolError();
            Fail($"the peer broke the protocol: {e.Message}");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            Fail(e.Message);
        }
    }

    private bool Handle(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Type)
        {
            case FrameType.Ping:
                Writer.Send(FrameType.Pong, 0, payload);
                return true;
            case FrameType.Pong:
                Volatile.Write(ref _unanswered, 0);
                return true;
            case FrameType.Goodbye:
                Fail($"the peer ends the connection: {new FieldReader(payload, FrameType.Goodbye).Text("reason", 256)}", orderly: true);
                return false;
            default:
                OnFrame(header.Type, header.Stream, payload);
                return true;
        }
    }

    // Counted in ticks, not by the clock: a process that stood still for a while finds the answers that came meanwhile before it finds a peer dead.
    private void Tick()
    {
        if (_reader.Progress is var progress && progress != _progress)
        {
            _progress = progress;
            Volatile.Write(ref _unanswered, 0);
        }

        if (Interlocked.Increment(ref _unanswered) > Context.Options.MissedPings)
        {
            Fail($"{Context.Options.MissedPings} pings, one every {Context.Options.PingInterval.TotalMilliseconds:0} ms, went unanswered");
            return;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(_ping, _pings++);
        if (Writer.Send(FrameType.Ping, 0, _ping))
        {
            OnTick();
        }
    }
}
