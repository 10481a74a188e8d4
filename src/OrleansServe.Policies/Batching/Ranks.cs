namespace OrleansServe.Policies.Batching;

/// <summary>The two orders that requests are taken in.</summary>
/// <remarks>Neither depends on the order in which the requests are listed.</remarks>
public static class Ranks
{
    [ThreadStatic]
    private static Key[]? s_keys;

    /// <summary>
    /// Who keeps its blocks: the higher class, then the older. A rank never falls while a request lives, so the first in rank is never preempted
    /// and gets to its end, then the next: no livelock.
    /// </summary>
    /// <param name="candidates">The requests.</param>
    /// <param name="order">[candidates] receives their indices, the first in rank first.</param>
    public static void ByRank(ReadOnlySpan<BatchCandidate> candidates, Span<int> order)
    {
        Span<Key> keys = Scratch.Of(ref s_keys, candidates.Length);
        for (int i = 0; i < candidates.Length; i++)
        {
            keys[i] = new Key((long)candidates[i].Class, 0, 0, candidates[i].Order, i);
        }

        Sort(keys, order);
    }

    /// <summary>
    /// Who is served next: the earliest due. All that are overdue are equally so, and among them the tenant goes first that has been served least.
    /// So a class waits for another at most until it is due, whatever that one piles up, and every request gets its turn.
    /// </summary>
    /// <param name="candidates">The requests.</param>
    /// <param name="now">The time.</param>
    /// <param name="order">[candidates] receives their indices, the one to be served first first.</param>
    public static void ByService(ReadOnlySpan<BatchCandidate> candidates, TimeSpan now, Span<int> order)
    {
        Span<Key> keys = Scratch.Of(ref s_keys, candidates.Length);
        for (int i = 0; i < candidates.Length; i++)
        {
            ref readonly BatchCandidate candidate = ref candidates[i];
            keys[i] = new Key(Math.Max(candidate.Due.Ticks, now.Ticks), candidate.TenantServed, candidate.Due.Ticks, candidate.Order, i);
        }

        Sort(keys, order);
    }

    private static void Sort(Span<Key> keys, Span<int> order)
    {
        keys.Sort();
        for (int i = 0; i < keys.Length; i++)
        {
            order[i] = keys[i].Index;
        }
    }

    private readonly record struct Key(long First, long Second, long Third, long Last, int Index) : IComparable<Key>
    {
        public int CompareTo(Key other)
        {
            int order = First.CompareTo(other.First);
            order = order != 0 ? order : Second.CompareTo(other.Second);
            order = order != 0 ? order : Third.CompareTo(other.Third);
            return order != 0 ? order : Last.CompareTo(other.Last);
        }
    }
}
