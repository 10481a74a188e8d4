using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Policies.Balancing;

/// <summary>
/// Chooses the prefill worker for which a prompt costs least: what its cache lacks of it, attention included, what it has queued, and a little of what it was given
/// lately, so that over time all are given the same number of input tokens and the same work.
/// </summary>
/// <remarks>
/// DeepSeek's first balancer: equal input tokens and equal core attention per device (inference system overview, open-source week day 6). The weights were measured on
/// the Mooncake conversation trace; docs/routing.md says how, and what they trade.
/// </remarks>
public static class PrefillBalancer
{
    // A queue empties by itself, while what is computed twice is work for the whole cluster.
    private const double QueueWeight = 0.1;

    // Differences of the recent loads decide between workers that lack the same, and outweigh a cached prefix only when they have become large.
    private const double TokensWeight = 0.006;
    private const double WorkWeight = 0.002;

    // A prompt that comes back after its blocks were evicted does best where that is remembered: they are kept longer there from now on.
    private const double KnownWeight = 0.25;

    /// <param name="candidates">Workers in a fixed order; ties go to the first.</param>
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="maxQueuedTokens">A worker with more tokens queued takes none; an idle one takes any prompt that fits its memory.</param>
    /// <returns>Index of the worker, or -1 if none may take it now.</returns>
    public static int Choose(ReadOnlySpan<PrefillCandidate> candidates, int promptTokens, long maxQueuedTokens)
    {
        int blocks = BlockMath.BlocksFor(promptTokens);
        int best = -1;
        double least = double.PositiveInfinity;
        for (int i = 0; i < candidates.Length; i++)
        {
            PrefillCandidate candidate = candidates[i];
            if (candidate.KvBlocksTotal < blocks)
            {
                continue;
            }

            // The last token is always computed: its logits are what prefill is for.
            double cached = Math.Min(promptTokens - 1, (double)candidate.CachedBlocks * KvBlockHasher.BlockTokens);
            if (candidate.QueuedTokens > 0 && candidate.QueuedTokens + promptTokens - cached > maxQueuedTokens)
            {
                continue;
            }

            double known = Math.Min(promptTokens - 1, (double)candidate.KnownBlocks * KvBlockHasher.BlockTokens);
            double cost = PrefillWork.Of(promptTokens, cached + (KnownWeight * (known - cached)))
                + (QueueWeight * candidate.QueuedTokens)
                + (TokensWeight * candidate.RecentTokens)
                + (WorkWeight * candidate.RecentWork);
            if (cost < least)
            {
                least = cost;
                best = i;
            }
        }

        return best;
    }
}
