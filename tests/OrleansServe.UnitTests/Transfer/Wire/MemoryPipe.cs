namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>One direction of a connection in memory: bytes in order, so many at once, until either end closes it.</summary>
internal sealed class MemoryPipe
{
    private const int Capacity = 256 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _chunks = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _offset;
    private int _bytes;
    private bool _closed;

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_chunks.TryPeek(out byte[]? chunk))
                {
                    int count = Math.Min(buffer.Length, chunk.Length - _offset);
                    chunk.AsSpan(_offset, count).CopyTo(buffer.Span);
                    _offset += count;
                    _bytes -= count;
                    if (_offset == chunk.Length)
                    {
                        _chunks.Dequeue();
                        _offset = 0;
                    }

                    Signal();
                    return count;
                }

                if (_closed)
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
                    if (bytes.Length > 0)
                    {
                        _chunks.Enqueue(bytes.ToArray());
                        _bytes += bytes.Length;
                        Signal();
                    }

                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Ends the direction; what is in it can still be read, unless it is to be lost.</summary>
    public void Close(bool lose)
    {
        lock (_lock)
        {
            _closed = true;
            if (lose)
            {
                _chunks.Clear();
                _offset = 0;
            }

            Signal();
        }
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
