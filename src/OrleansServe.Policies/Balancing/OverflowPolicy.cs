namespace OrleansServe.Policies.Balancing;

/// <summary>Decides who is refused when the queue is full: whoever fills it must not shut the others out.</summary>
public static class OverflowPolicy
{
    /// <summary>Chooses the request that gives its place up.</summary>
    /// <param name="queue">Those that wait, in any order.</param>
    /// <param name="newcomer">The request that arrives, counted among its tenant's.</param>
    /// <returns>
    /// Index of the newest of the lowest class below the newcomer's; failing that, of the newest of its class from the tenant that waits with most,
    /// if that leaves it as many as the newcomer's has; −1 if the newcomer itself is to be refused.
    /// </returns>
    public static int Choose(ReadOnlySpan<QueuedRequest> queue, QueuedRequest newcomer)
    {
        int chosen = -1;
        for (int i = 0; i < queue.Length; i++)
        {
            bool lower = queue[i].Class > newcomer.Class;
            bool larger = queue[i].Class == newcomer.Class && queue[i].TenantRequests > newcomer.TenantRequests;
            if ((lower || larger) && (chosen < 0 || GoesBefore(queue[i], queue[chosen], newcomer)))
            {
                chosen = i;
            }
        }

        return chosen;
    }

    private static bool GoesBefore(in QueuedRequest a, in QueuedRequest b, in QueuedRequest newcomer)
    {
        int order = a.Class.CompareTo(b.Class);
        order = order != 0 || a.Class > newcomer.Class ? order : a.TenantRequests.CompareTo(b.TenantRequests);
        return order != 0 ? order > 0 : a.Order > b.Order;
    }
}
