namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>
/// Bytes that all connections of a silo may hold at once for large payloads that have not arrived whole. A connection waits for its turn before it
/// reserves memory, in the order of asking; its peer is held back by TCP meanwhile.
/// </summary>
internal sealed class ReceiveBudget(long bytes)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<(int Bytes, TaskCompletionSource Granted)> _waiting = new();
    private long _free = bytes;

    /// <summary>Bytes that nobody holds.</summary>
    public long Free
    {
        get
        {
            lock (_lock)
            {
                return _free;
            }
        }
    }

    /// <summary>Completes when the bytes are the caller's; they must be given back.</summary>
    public ValueTask TakeAsync(int count, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_waiting.Count == 0 && count <= _free)
            {
                _free -= count;
                return ValueTask.CompletedTask;
            }

            return new ValueTask(WaitAsync(_waiting.AddLast((count, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))), cancellationToken));
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(int count)
    {
        lock (_lock)
        {
            _free += count;
            GrantWaiting();
        }
    }

    private async Task WaitAsync(LinkedListNode<(int Bytes, TaskCompletionSource Granted)> place, CancellationToken cancellationToken)
    {
        try
        {
            await place.Value.Granted.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                if (place.List is null)
                {
                    _free += place.Value.Bytes;
                }
                else
                {
                    _waiting.Remove(place);
                }

                GrantWaiting();
            }

            throw;
        }
    }

    private void GrantWaiting()
    {
        while (_waiting.First is { } first && first.Value.Bytes <= _free)
        {
            _free -= first.Value.Bytes;
            _waiting.RemoveFirst();
            first.Value.Granted.TrySetResult();
        }
    }
}
