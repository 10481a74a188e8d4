namespace OrleansServe.Gateway.Tokens;

/// <summary>
/// Sessions whose tokens came in one frame, woken one after the other by one work item: waking a thread for each would cost several times what a session
/// does with its token. A session never blocks; it runs until it has written what it has.
/// </summary>
/// <param name="pool">Where it goes when it is done.</param>
internal sealed class TokenDelivery(TokenDeliveries pool) : IThreadPoolWorkItem
{
    /// <summary>Sessions at most: the last one waits for the others, and other processors are to have their share of a large frame.</summary>
    public const int MostSessions = 32;

    private readonly TokenInbox?[] _inboxes = new TokenInbox?[MostSessions];
    private int _count;

    /// <summary>Adds a session that waits.</summary>
    /// <returns>Whether no other has room.</returns>
    public bool Add(TokenInbox inbox)
    {
        _inboxes[_count++] = inbox;
        return _count == MostSessions;
    }

    /// <summary>Has a thread of the pool wake them.</summary>
    public void Send() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <inheritdoc/>
    public void Execute()
    {
        for (int i = 0; i < _count; i++)
        {
            TokenInbox inbox = _inboxes[i]!;
            _inboxes[i] = null;
            inbox.Execute();
        }

        _count = 0;
        pool.Return(this);
    }
}
