namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>Bytes that the sender of a stream may still send. One taker at a time; a take may overdraw, so that a payload larger than the window passes too.</summary>
internal sealed class SendCredit
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiting;
    private long _credit;

    /// <summary>Bytes that may be sent at once.</summary>
    public long Available
    {
        get
        {
            lock (_lock)
            {
                return _credit;
            }
        }
    }

    /// <summary>Adds what the receiver has taken in.</summary>
    public void Grant(long bytes)
    {
        lock (_lock)
        {
            _credit += bytes;
            if (_credit > 0)
            {
                _waiting?.TrySetResult();
                _waiting = null;
            }
        }
    }

    /// <summary>Nothing will be granted any more: whoever waits goes on, and finds the stream ended.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _credit = long.MaxValue / 2;
            _waiting?.TrySetResult();
            _waiting = null;
        }
    }

    /// <summary>Takes some bytes as soon as any are to be had.</summary>
    public ValueTask TakeAsync(int bytes, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_credit > 0)
            {
                _credit -= bytes;
                return ValueTask.CompletedTask;
            }

            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(WaitAsync(_waiting.Task, bytes, cancellationToken));
        }
    }

    private async Task WaitAsync(Task granted, int bytes, CancellationToken cancellationToken)
    {
        await granted.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            _credit -= bytes;
        }
    }
}
