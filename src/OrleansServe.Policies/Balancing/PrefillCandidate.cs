namespace OrleansServe.Policies.Balancing;

/// <summary>A prefill worker as the balancer sees it.</summary>
/// <param name="CachedBlocks">Full blocks of the request's prompt, from the first on, that it has cached.</param>
/// <param name="QueuedTokens">Prompt tokens it has accepted and not computed.</param>
/// <param name="KvBlocksTotal">KV blocks of its engine.</param>
public readonly record struct PrefillCandidate(int CachedBlocks, long QueuedTokens, int KvBlocksTotal)
{
    /// <summary>Full blocks of the prompt, from the first on, that it has or had until lately.</summary>
    public int KnownBlocks { get; init; } = CachedBlocks;

    /// <summary>Prompt tokens that it was given lately, cached ones included.</summary>
    public double RecentTokens { get; init; }

    /// <summary>What computing them took, attention included, in tokens.</summary>
    public double RecentWork { get; init; }
}
