using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Experts;

/// <summary>What a shard is to hold by an epoch of the plan.</summary>
/// <param name="Epoch">The epoch; above 0.</param>
/// <param name="Layers">MoE layers, ascending.</param>
/// <param name="Experts">For each of <paramref name="Layers"/> the ids of the routed experts to hold, ascending.</param>
/// <param name="Urgent">Rows wait for them: load as fast as the disk allows.</param>
[GenerateSerializer, Immutable, Alias("os.shard-assignment")]
public sealed record ShardAssignment(
    [property: Id(0)] long Epoch,
    [property: Id(1)] ImmutableArray<int> Layers,
    [property: Id(2)] ImmutableArray<ImmutableArray<int>> Experts,
    [property: Id(3)] bool Urgent);
