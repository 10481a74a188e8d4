using OrleansServe.Grains.Options;
using OrleansServe.Policies.Placement;

namespace OrleansServe.Grains.Experts.Shards;

/// <summary>What a shard holds before there is a plan: known from options alone, so that a cluster starts without anybody being asked.</summary>
internal static class StartingExperts
{
    /// <summary>Experts of each layer that a shard begins with, ascending.</summary>
    /// <param name="options">Shards of the cluster, slots, and the plan where one was given.</param>
    /// <param name="experts">Routed experts of a layer.</param>
    /// <param name="shard">Index of the shard among the cluster's.</param>
    /// <exception cref="ArgumentException">The plan that was given does not fit the model.</exception>
    public static IReadOnlyList<int> Of(WorkerOptions options, int experts, int shard)
    {
        if (options.ExpertPlan.Count == 0)
        {
            return ExpertShares.HeldBy(experts, options.ClusterExpertShards, shard, options.ExpertSlots);
        }

        if (FindFault(options.ExpertPlan, experts) is { } fault)
        {
            throw new ArgumentException($"The experts' plan does not fit the model: {fault}.");
        }

        return shard < options.ExpertPlan.Count ? [.. options.ExpertPlan[shard].Order()] : [];
    }

    /// <summary>Experts of each layer that a shard is meant to hold.</summary>
    public static int SlotsOf(WorkerOptions options, int experts) => options.ExpertSlots > 0
        ? Math.Min(options.ExpertSlots, experts)
        : (experts + options.ClusterExpertShards - 1) / options.ClusterExpertShards;

    /// <summary>What is wrong with a plan for a model; null if nothing is.</summary>
    public static string? FindFault(IReadOnlyList<IReadOnlyList<int>> plan, int experts)
    {
        foreach ((int shard, IReadOnlyList<int> ids) in plan.Index())
        {
            foreach (int expert in ids)
            {
                if (expert < 0 || expert >= experts)
                {
                    return $"shard {shard} has expert {expert}, experts are in 0..{experts - 1}";
                }
            }

            if (ids.Distinct().Count() != ids.Count)
            {
                return $"shard {shard} has an expert twice";
            }
        }

        return Enumerable.Range(0, experts).Except(plan.SelectMany(ids => ids)).ToArray() is [int missing, ..] ? $"no shard has expert {missing}" : null;
    }
}
