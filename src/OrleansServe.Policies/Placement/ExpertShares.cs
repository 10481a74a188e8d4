namespace OrleansServe.Policies.Placement;

/// <summary>The plainest plan for experts, which every shard knows without asking: equal, contiguous shares of each layer's routed experts, in a ring where there is room for replicas.</summary>
public static class ExpertShares
{
    /// <param name="experts">Routed experts of a layer.</param>
    /// <param name="shards">Shards in the cluster.</param>
    /// <param name="shard">Index of a shard.</param>
    /// <returns>First expert of the shard and the one behind its last; shares differ by one at most.</returns>
    public static (int First, int End) ShareOf(int experts, int shards, int shard)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(experts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shards);
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, shards);
        return ((int)((long)experts * shard / shards), (int)((long)experts * (shard + 1) / shards));
    }

    /// <summary>A shard's share, and the experts that follow it, as many as it has slots: the beginnings of the next shards' shares are there twice.</summary>
    /// <param name="experts">Routed experts of a layer.</param>
    /// <param name="shards">Shards in the cluster.</param>
    /// <param name="shard">Index of a shard; from <paramref name="shards"/> on it has joined later, and holds nothing until a plan gives it something.</param>
    /// <param name="slots">Experts that each shard holds; 0 for its share alone.</param>
    /// <returns>Expert ids, ascending.</returns>
    public static IReadOnlyList<int> HeldBy(int experts, int shards, int shard, int slots)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slots);
        if (shard >= shards)
        {
            return [];
        }

        (int first, int end) = ShareOf(experts, shards, shard);
        int count = Math.Clamp(slots, end - first, experts);
        return [.. Enumerable.Range(first, count).Select(expert => expert % experts).Order()];
    }
}
