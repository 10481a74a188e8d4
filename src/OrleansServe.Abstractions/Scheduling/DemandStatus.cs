using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Scheduling;

/// <summary>What has been asked of a scheduler since it came to its silo.</summary>
/// <param name="Since">When counting began: sums with another begin are not to be compared.</param>
/// <param name="Counted">For how long, by a clock that nobody sets.</param>
/// <param name="Classes">By class.</param>
/// <param name="AdmittedPromptTokens">Prompt tokens of the requests admitted.</param>
/// <param name="EndedOutputTokens">Tokens that admitted requests which have ended might have produced at most.</param>
[GenerateSerializer, Immutable, Alias("os.demand-status")]
public sealed record DemandStatus(
    [property: Id(0)] DateTimeOffset Since,
    [property: Id(1)] TimeSpan Counted,
    [property: Id(2)] ImmutableArray<ClassDemand> Classes,
    [property: Id(3)] long AdmittedPromptTokens,
    [property: Id(4)] long EndedOutputTokens);
