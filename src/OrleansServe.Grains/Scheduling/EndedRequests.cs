namespace OrleansServe.Grains.Scheduling;

/// <summary>
/// Requests whose end was told before they had asked: two calls may overtake each other on their way, and whoever was told last would be admitted for
/// nobody, and for good.
/// </summary>
internal sealed class EndedRequests
{
    /// <summary>How many are remembered, the latest ones.</summary>
    public const int Limit = 1 << 14;

    // No call is under way for longer: its caller has given it up by then.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private readonly HashSet<Guid> _ended = [];
    private readonly Queue<(Guid Request, TimeSpan Ended)> _order = new();

    /// <summary>How many are remembered.</summary>
    public int Count => _ended.Count;

    /// <summary>A request has ended that was not known.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The scheduler's clock.</param>
    public void Add(Guid request, TimeSpan now)
    {
        if (_ended.Add(request))
        {
            _order.Enqueue((request, now));
            Forget(now);
        }
    }

    /// <summary>Whether a request that arrives has ended already.</summary>
    public bool Contains(Guid request) => _ended.Contains(request);

    /// <summary>Forgets those that nobody can ask for any more.</summary>
    /// <param name="now">The scheduler's clock.</param>
    public void Forget(TimeSpan now)
    {
        while (_order.TryPeek(out (Guid Request, TimeSpan Ended) oldest) && (_order.Count > Limit || now - oldest.Ended > Lifetime))
        {
            _order.Dequeue();
            _ended.Remove(oldest.Request);
        }
    }
}
