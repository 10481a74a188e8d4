using System.Buffers.Binary;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>One direction of a connection in memory: whole frames go in, each meets what the script has for it, bytes come out in pieces, in order and after a while.</summary>
/// <param name="time">The clock.</param>
/// <param name="latency">How long everything takes.</param>
/// <param name="piece">Bytes that a read gives at most.</param>
/// <param name="onStep">What happens at a step.</param>
internal sealed class FaultPipe(FaultTime time, TimeSpan latency, int piece, Func<FaultStep, IReadOnlyList<FaultEvent>> onStep)
{
    private const int Capacity = 64 * 1024;
    private const int HeaderBytes = 20;

    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _readable = new();
    private readonly Queue<(TimeSpan Due, byte[] Bytes)> _late = new();
    private byte[] _begun = [];
    private byte[]? _behind;
    private TaskCompletionSource _changed = New();
    private ITimer? _timer;
    private TimeSpan _lastDue;
    private int _offset;
    private int _bytes;
    private bool _stalled;
    private bool _closed;

    /// <summary>The other direction; both end together.</summary>
    public FaultPipe? Other { get; set; }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_readable.TryPeek(out byte[]? chunk))
                {
                    int count = Math.Min(Math.Min(buffer.Length, piece), chunk.Length - _offset);
                    chunk.AsSpan(_offset, count).CopyTo(buffer.Span);
                    _offset += count;
                    _bytes -= count;
                    if (_offset == chunk.Length)
                    {
                        _readable.Dequeue();
                        _offset = 0;
                        Signal();
                    }

                    return count;
                }

                if (_closed && _late.Count == 0)
                {
                    return 0;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_closed)
                {
                    throw new IOException("the connection is closed");
                }

                if (_bytes < Capacity)
                {
                    _begun = [.. _begun, .. bytes.Span];
                    break;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }

        while (TakeFrame() is { } frame)
        {
            Pass(frame);
        }
    }

    /// <summary>Ends the direction; what is in it still comes, unless it is to be lost.</summary>
    public void Close(bool lose)
    {
        lock (_lock)
        {
            _closed = true;
            if (lose)
            {
                _readable.Clear();
                _late.Clear();
                _offset = 0;
                _bytes = 0;
            }

            Signal();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static FaultStep? StepOf(ReadOnlySpan<byte> frame) => frame[4] switch
    {
        1 => FaultStep.Hello,
        2 => FaultStep.Welcome,
        4 => FaultStep.Ping,
        5 => FaultStep.Pong,
        7 => frame[HeaderBytes] == 1 ? FaultStep.OpenKv : FaultStep.OpenTokens,
        8 => FaultStep.Reset,
        9 => FaultStep.Window,
        16 => FaultStep.KvBlock,
        17 => FaultStep.KvCommit,
        18 => FaultStep.KvCommitted,
        32 => FaultStep.Tokens,
        33 => FaultStep.TokensTaken,
        _ => null,
    };

    private byte[]? TakeFrame()
    {
        lock (_lock)
        {
            if (_begun.Length < HeaderBytes || _begun.Length < HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(_begun))
            {
                return null;
            }

            int length = HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(_begun);
            byte[] frame = _begun[..length];
            _begun = _begun[length..];
            return frame;
        }
    }

    private void Pass(byte[] frame)
    {
        TimeSpan delay = TimeSpan.Zero;
        bool twice = false;
        byte[]? before = _behind;
        _behind = null;
        foreach (FaultEvent fault in StepOf(frame) is { } step ? onStep(step) : [])
        {
            int at = fault.Amount % frame.Length;
            switch (fault.Action)
            {
                case FaultAction.Drop:
                    // All of it, or some bytes.
                    frame = fault.Amount % 2 == 0 ? [] : [.. frame[..at], .. frame[Math.Min(frame.Length, at + 1 + (fault.Amount % 64))..]];
                    break;
                case FaultAction.Delay:
                    delay = TimeSpan.FromMilliseconds(fault.Amount);
                    break;
                case FaultAction.Duplicate:
                    twice = true;
                    break;
                case FaultAction.Reorder:
                    _behind = frame;
                    frame = [];
                    break;
                case FaultAction.Truncate:
                    Put(frame[..at], delay);
                    End(lose: false);
                    return;
                case FaultAction.Corrupt:
                    frame = [.. frame];
                    frame[at] ^= (byte)(1 << (fault.Amount & 7));
                    break;
                case FaultAction.Close:
                    End(lose: true);
                    return;
                case FaultAction.Stall:
                    _stalled = true;
                    break;
            }

            if (frame.Length == 0)
            {
                break;
            }
        }

        Put(frame, delay);
        if (twice)
        {
            Put(frame, delay);
        }

        if (before is not null)
        {
            Put(before, delay);
        }
    }

    private void End(bool lose)
    {
        Close(lose);
        Other!.Close(lose: true);
    }

    private void Put(byte[] bytes, TimeSpan delay)
    {
        lock (_lock)
        {
            if (bytes.Length == 0 || _closed)
            {
                return;
            }

            _bytes += bytes.Length;
            TimeSpan due = time.Elapsed + latency + delay;
            if (_stalled)
            {
                return;
            }

            if (due > time.Elapsed || _late.Count > 0)
            {
                due = _lastDue = due > _lastDue ? due : _lastDue;
                _late.Enqueue((due, bytes));
                Arm();
                return;
            }

            _readable.Enqueue(bytes);
            Signal();
        }
    }

    private void Arm()
    {
        _timer ??= time.CreateTimer(static self => ((FaultPipe)self!).Arrive(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_late.Peek().Due - time.Elapsed, Timeout.InfiniteTimeSpan);
    }

    private void Arrive()
    {
        lock (_lock)
        {
            while (_late.TryPeek(out (TimeSpan Due, byte[] Bytes) next) && next.Due <= time.Elapsed)
            {
                _late.Dequeue();
                _readable.Enqueue(next.Bytes);
            }

            if (_late.Count > 0)
            {
                Arm();
            }

            Signal();
        }
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = New();
    }
}
