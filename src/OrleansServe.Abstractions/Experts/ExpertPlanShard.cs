using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Abstractions.Experts;

/// <summary>A shard that a plan counts on.</summary>
/// <param name="Worker">Its worker.</param>
/// <param name="DataPlaneAddress">Where its rows are sent to.</param>
[GenerateSerializer, Immutable, Alias("os.expert-plan-shard")]
public sealed record ExpertPlanShard([property: Id(0)] WorkerId Worker, [property: Id(1)] string DataPlaneAddress);
