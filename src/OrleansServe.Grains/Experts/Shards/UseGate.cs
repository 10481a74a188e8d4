namespace OrleansServe.Grains.Experts.Shards;

/// <summary>Counts the users of something that is to go away: nobody enters any more once it is closing, and closing waits for those inside.</summary>
internal sealed class UseGate
{
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _users;
    private volatile bool _closing;

    /// <summary>Enters; whoever did leaves again by <see cref="Exit"/>.</summary>
    /// <returns>False once it is closing.</returns>
    public bool TryEnter()
    {
        // The count is up before the flag is read, and the closer raises the flag before it reads the count: one of the two sees the other.
        Interlocked.Increment(ref _users);
        if (!_closing)
        {
            return true;
        }

        Exit();
        return false;
    }

    /// <summary>Leaves.</summary>
    public void Exit()
    {
        if (Interlocked.Decrement(ref _users) == 0 && _closing)
        {
            CompleteIfEmpty();
        }
    }

    /// <summary>Lets nobody in any more.</summary>
    /// <returns>Completes when everybody has left.</returns>
    public Task CloseAsync()
    {
        _closing = true;
        Interlocked.MemoryBarrier();
        CompleteIfEmpty();
        return _empty.Task;
    }

    // Called with the flag up. The count is read anew: somebody may have entered between the last one's leaving and the flag.
    private void CompleteIfEmpty()
    {
        if (Volatile.Read(ref _users) == 0)
        {
            _empty.TrySetResult();
        }
    }
}
