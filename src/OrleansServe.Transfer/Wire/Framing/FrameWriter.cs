using System.Runtime.CompilerServices;
using OrleansServe.Transfer.Wire.Connections;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>
/// Sends frames over one connection. Small frames are copied and leave together; large ones are written from where they lie, one between two rounds of
/// small ones. Queueing never waits for the network: what a slow reader makes pile up is bounded, and beyond the bound the connection is given up.
/// </summary>
internal sealed class FrameWriter
{
    private const int KeptBytes = 1 << 20;

    private readonly Stream _stream;
    private readonly WireStatistics _statistics;
    private readonly Action<string> _fail;
    private readonly int _pendingLimit;
    private readonly Lock _lock = new();
    private readonly WakeSignal _wake = new();
    private readonly Queue<BulkFrame> _bulk = new();
    private WireBuffer _pending = new();
    private WireBuffer _leaving = new();
    private int _pendingFrames;
    private long _bulkBytes;
    private uint _sequence = 1; // Number 0 is the handshake's.
    private bool _writing;
    private string? _closed;

    /// <param name="stream">The connection; not this writer's to close.</param>
    /// <param name="pendingLimit">Bytes of small frames, and of large ones, that may wait.</param>
    /// <param name="statistics">Counts frames.</param>
    /// <param name="fail">Gives the connection up.</param>
    public FrameWriter(Stream stream, int pendingLimit, WireStatistics statistics, Action<string> fail)
    {
        _stream = stream;
        _pendingLimit = pendingLimit;
        _statistics = statistics;
        _fail = fail;
    }

    /// <summary>Queues a small frame.</summary>
    /// <returns>False where the connection has been given up.</returns>
    public bool Send(FrameType type, uint stream, ReadOnlySpan<byte> payload)
    {
        bool full;
        lock (_lock)
        {
            if (_closed is not null)
            {
                return false;
            }

            full = _pending.Count + payload.Length > _pendingLimit;
            if (!full)
            {
                Span<byte> header = _pending.Take(FrameHeader.Size + payload.Length);
                payload.CopyTo(header[FrameHeader.Size..]);
                FrameHeader.Write(header, type, stream, _sequence++, payload, default);
                _pendingFrames++;
            }
        }

        if (full)
        {
            _fail($"the peer reads too slowly: {_pendingLimit} bytes wait for it, which is the limit");
            return false;
        }

        _wake.Set();
        return true;
    }

    /// <summary>Queues a large frame, which is told when its memory is free. The caller's thread writes nothing.</summary>
    /// <returns>False where the connection has been given up, or too much waits; the frame is told nothing then.</returns>
    public bool Queue(BulkFrame frame)
    {
        int bytes = frame.Head.Length + frame.Tail.Length;
        lock (_lock)
        {
            // One frame may always wait, however large.
            if (_closed is not null || (_bulk.Count > 0 && _bulkBytes + bytes > _pendingLimit))
            {
                return false;
            }

            _bulk.Enqueue(frame);
            _bulkBytes += bytes;
        }

        _wake.Set();
        return true;
    }

    /// <summary>
    /// Writes a large frame on the caller's task where nothing else is being written, which saves waking another; queues it otherwise. Either way the
    /// frame is told when its memory is free, and that is what to wait for.
    /// </summary>
    public ValueTask WriteAsync(BulkFrame frame)
    {
        uint sequence = 0;
        string? closed;
        lock (_lock)
        {
            closed = _closed;
            if (closed is null)
            {
                if (_writing || _bulk.Count > 0)
                {
                    _bulk.Enqueue(frame);
                    _bulkBytes += frame.Head.Length + frame.Tail.Length;
                    return ValueTask.CompletedTask;
                }

                _writing = true;
                Swap();
                Prepare(frame, out sequence);
            }
        }

        if (closed is not null)
        {
            frame.OnWritten(closed);
            return ValueTask.CompletedTask;
        }

        return WriteHereAsync(frame, sequence);
    }

    /// <summary>Writes what is queued until the connection is given up; then tells what was not written.</summary>
    public async Task RunAsync()
    {
        while (true)
        {
            await _wake.WaitAsync().ConfigureAwait(false);
            if (!TryEnter())
            {
                if (IsClosed)
                {
                    break;
                }

                continue;
            }

            try
            {
                while (TakeNext(out BulkFrame? frame, out uint sequence))
                {
                    await WriteRoundAsync(frame, sequence).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
            {
                _fail(e.Message);
            }

            Leave();
        }

        FailQueued();
    }

    /// <summary>Nothing is written any more; what is queued is told so by <see cref="RunAsync"/>.</summary>
    public void Close(string reason)
    {
        lock (_lock)
        {
            _closed ??= reason;
        }

        _wake.Set();
    }

    private bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return _closed is not null;
            }
        }
    }

    private bool TryEnter()
    {
        lock (_lock)
        {
            return !_writing && _closed is null && (_writing = true);
        }
    }

    private void Leave()
    {
        bool more;
        lock (_lock)
        {
            _writing = false;
            more = _pending.Count > 0 || _bulk.Count > 0 || _closed is not null;
        }

        if (more)
        {
            _wake.Set();
        }
    }

    private bool TakeNext(out BulkFrame? frame, out uint sequence)
    {
        lock (_lock)
        {
            frame = null;
            sequence = 0;
            if (_closed is not null || (_pending.Count == 0 && _bulk.Count == 0))
            {
                return false;
            }

            Swap();
            if (_bulk.TryDequeue(out frame))
            {
                _bulkBytes -= frame.Head.Length + frame.Tail.Length;
                Prepare(frame, out sequence);
            }

            return true;
        }
    }

    /// <summary>What has been queued leaves; a burst's memory goes back when it has.</summary>
    private void Swap()
    {
        _leaving.Clear(KeptBytes);
        (_pending, _leaving) = (_leaving, _pending);
        _statistics.Sent(_leaving.Count, _pendingFrames);
        _pendingFrames = 0;
    }

    // The order of the numbers is that of writing: whatever is queued from now on leaves after this frame.
    private void Prepare(BulkFrame frame, out uint sequence)
    {
        sequence = _sequence++;
        _statistics.Sent(FrameHeader.Size + frame.Head.Length + frame.Tail.Length, 1);
    }

    private async ValueTask WriteRoundAsync(BulkFrame? frame, uint sequence)
    {
        if (frame is null)
        {
            await _stream.WriteAsync(_leaving.Memory).ConfigureAwait(false);
            return;
        }

        string? fault = null;
        try
        {
            Span<byte> room = _leaving.Take(FrameHeader.Size + frame.Head.Length);
            frame.Head.Span.CopyTo(room[FrameHeader.Size..]);
            FrameHeader.Write(room, frame.Type, frame.Stream, sequence, frame.Head.Span, frame.Tail.Span);
            await _stream.WriteAsync(_leaving.Memory).ConfigureAwait(false);
            if (frame.Tail.Length > 0)
            {
                await _stream.WriteAsync(frame.Tail).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            fault = e.Message;
            throw;
        }
        finally
        {
            frame.OnWritten(fault);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteHereAsync(BulkFrame frame, uint sequence)
    {
        try
        {
            await WriteRoundAsync(frame, sequence).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            _fail(e.Message);
        }

        Leave();
    }

    private void FailQueued()
    {
        while (true)
        {
            BulkFrame? frame;
            string reason;
            lock (_lock)
            {
                reason = _closed!;
                if (!_bulk.TryDequeue(out frame))
                {
                    return;
                }
            }

            frame.OnWritten(reason);
        }
    }
}
