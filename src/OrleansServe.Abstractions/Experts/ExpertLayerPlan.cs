using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Experts;

/// <summary>Where a layer's experts are.</summary>
/// <param name="Layer">Layer index.</param>
/// <param name="Experts">[shards], the ids of the experts that each holds, ascending.</param>
/// <param name="Shares">[shards], for each of <paramref name="Experts"/> the share of its rows that this shard receives; an expert's shares add up to 1.</param>
[GenerateSerializer, Immutable, Alias("os.expert-layer-plan")]
public sealed record ExpertLayerPlan(
    [property: Id(0)] int Layer,
    [property: Id(1)] ImmutableArray<ImmutableArray<int>> Experts,
    [property: Id(2)] ImmutableArray<ImmutableArray<double>> Shares);
