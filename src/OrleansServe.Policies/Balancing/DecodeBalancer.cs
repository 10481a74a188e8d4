namespace OrleansServe.Policies.Balancing;

/// <summary>Chooses the decode worker with the smallest share of its KV in use, then the fewest requests.</summary>
/// <remarks>DeepSeek's second balancer: equal KV use and equal request counts per device (inference system overview, open-source week day 6).</remarks>
public static class DecodeBalancer
{
    /// <param name="candidates">Workers in a fixed order; ties go to the first.</param>
    /// <param name="blocks">KV blocks that the request is to find free.</param>
    /// <param name="maxRequests">A worker with this many requests takes no more.</param>
    /// <param name="samples">As how many requests this one counts.</param>
    /// <returns>Index of the worker, or -1 if none has room now.</returns>
    public static int Choose(ReadOnlySpan<DecodeCandidate> candidates, int blocks, int maxRequests, int samples = 1)
    {
        int best = -1;
        for (int i = 0; i < candidates.Length; i++)
        {
            DecodeCandidate candidate = candidates[i];
            int free = Math.Min(candidate.KvBlocksTotal, candidate.KvBlocksTotal - candidate.KvBlocksUsed + candidate.KvBlocksYielded);
            bool fits = free >= blocks && candidate.Requests <= maxRequests - samples;
            if (fits && (best < 0 || IsLighter(candidate, candidates[best])))
            {
                best = i;
            }
        }

        return best;
    }

    private static bool IsLighter(DecodeCandidate a, DecodeCandidate b)
    {
        // Shares compared by cross-multiplication: exact, so that equal shares really tie.
        int byUse = ((long)a.KvBlocksUsed * b.KvBlocksTotal).CompareTo((long)b.KvBlocksUsed * a.KvBlocksTotal);
        return byUse < 0 || (byUse == 0 && a.Requests < b.Requests);
    }
}
