using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Experts;

/// <summary>Which shards compute which experts. Every expert of every layer has a shard, and every shard holds its part already.</summary>
/// <param name="Epoch">Rises with every plan; rows carry it.</param>
/// <param name="Shards">In the order of their keys.</param>
/// <param name="Layers">MoE layers, ascending.</param>
[GenerateSerializer, Immutable, Alias("os.expert-plan")]
public sealed record ExpertPlan(
    [property: Id(0)] long Epoch, [property: Id(1)] ImmutableArray<ExpertPlanShard> Shards, [property: Id(2)] ImmutableArray<ExpertLayerPlan> Layers);
