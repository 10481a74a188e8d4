using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Experts;

/// <summary>The plan in use and what it was measured to do.</summary>
/// <param name="Plan">The plan; null while some expert has no shard.</param>
/// <param name="Rows">For each of the plan's layers, shards and experts the rows that the shard has computed since the plan was made.</param>
/// <param name="State">What the plan waits for, as a sentence; empty when it rests.</param>
[GenerateSerializer, Immutable, Alias("os.expert-heat")]
public sealed record ExpertHeat(
    [property: Id(0)] ExpertPlan? Plan,
    [property: Id(1)] ImmutableArray<ImmutableArray<ImmutableArray<long>>> Rows,
    [property: Id(2)] string State);
