namespace OrleansServe.Policies.Batching;

/// <summary>Decides whether a decode worker takes one more request in. Later decisions may preempt it again, so it need not have room for all that the request may become.</summary>
public static class ReservationPolicy
{
    [ThreadStatic]
    private static int[]? s_byRank;

    /// <summary>Makes room for a request that arrives now.</summary>
    /// <param name="candidates">The sequences that the worker has.</param>
    /// <param name="serviceClass">The request's class.</param>
    /// <param name="blocks">KV blocks that it needs now.</param>
    /// <param name="available">KV blocks that can be given out.</param>
    /// <param name="now">The time.</param>
    /// <param name="decisions">[candidates] receives who is preempted for it: sequences of lower classes only.</param>
    /// <returns>False if there is no room, or somebody waits who has to have it first: of no lower class, or due.</returns>
    public static bool TryMakeRoom(
        ReadOnlySpan<BatchCandidate> candidates, ServiceClass serviceClass, int blocks, int available, TimeSpan now, Span<BatchDecision> decisions)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(decisions.Length, candidates.Length);
        decisions.Clear();
        foreach (ref readonly BatchCandidate candidate in candidates)
        {
            bool waits = candidate.BlocksLacking > available && candidate.IsStream;
            if (waits && (candidate.Class <= serviceClass || candidate.Due <= now))
            {
                return false;
            }
        }

        Span<int> byRank = Scratch.Of(ref s_byRank, candidates.Length);
        Ranks.ByRank(candidates, byRank);
        BlockBudget budget = new(candidates, byRank, available, decisions);
        return budget.TryTake(blocks, serviceClass, long.MaxValue);
    }
}
