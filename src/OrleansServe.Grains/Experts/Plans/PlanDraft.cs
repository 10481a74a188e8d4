using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Policies.Balancing.Experts;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>A plan whose shards are on their way to hold what it wants of them.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Placement">The same, as policies see it.</param>
/// <param name="Shards">Its shards, in the plan's order.</param>
/// <param name="Moved">Replicas that shards have to load.</param>
/// <param name="Urgent">Rows wait for it.</param>
/// <param name="Reason">Why it was made, as a sentence.</param>
internal sealed record PlanDraft(ExpertPlan Plan, ExpertPlacement Placement, IReadOnlyList<ShardView> Shards, int Moved, bool Urgent, string Reason)
{
    /// <summary>Writes a placement down as a plan.</summary>
    public static ExpertPlan Write(long epoch, IReadOnlyList<ShardView> shards, IReadOnlyList<int> layers, ExpertPlacement placement) => new(
        epoch,
        [.. shards.Select(shard => new ExpertPlanShard(shard.Worker, shard.Address))],
        [.. layers.Select((layer, i) => new ExpertLayerPlan(
            layer,
            [.. Enumerable.Range(0, shards.Count).Select(shard => placement.ExpertsOf(i, shard).ToArray().ToImmutableArray())],
            [.. Enumerable.Range(0, shards.Count).Select(shard => placement.SharesOf(i, shard).ToArray().ToImmutableArray())]))]);

    /// <summary>What a shard is to hold by the plan.</summary>
    public ShardAssignment AssignmentOf(int shard) => new(
        Plan.Epoch, [.. Plan.Layers.Select(layer => layer.Layer)], [.. Plan.Layers.Select(layer => layer.Experts[shard])], Urgent);
}
