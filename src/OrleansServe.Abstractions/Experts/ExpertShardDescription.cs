using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Experts;

/// <summary>What an expert shard holds and has done.</summary>
/// <param name="DataPlaneAddress">Where rows are sent to.</param>
/// <param name="Layers">MoE layers, ascending.</param>
/// <param name="Experts">For each of <paramref name="Layers"/> the ids of the routed experts held, ascending.</param>
/// <param name="Rows">For each of <paramref name="Experts"/> the rows computed since the start.</param>
[GenerateSerializer, Immutable, Alias("os.expert-shard-description")]
public sealed record ExpertShardDescription(
    [property: Id(0)] string DataPlaneAddress,
    [property: Id(1)] ImmutableArray<int> Layers,
    [property: Id(2)] ImmutableArray<ImmutableArray<int>> Experts,
    [property: Id(3)] ImmutableArray<ImmutableArray<long>> Rows)
{
    /// <summary>Drawn when the shard starts: counts of another one began at zero.</summary>
    [Id(4)]
    public Guid Incarnation { get; init; }

    /// <summary>Experts of each layer that it is meant to hold; more for a while when a plan changes or a shard is lost.</summary>
    [Id(5)]
    public int Slots { get; init; }

    /// <summary>The latest epoch of the plan that it knows.</summary>
    [Id(6)]
    public long Epoch { get; init; }
}
