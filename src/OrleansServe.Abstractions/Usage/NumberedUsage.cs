namespace OrleansServe.Abstractions.Usage;

/// <summary>A record as a gateway tells it: a later one has a larger number, and one that is told again keeps its own.</summary>
/// <param name="Number">Its number among all that its gateway tells.</param>
/// <param name="Record">What was used.</param>
[GenerateSerializer, Immutable, Alias("os.numbered-usage")]
public readonly record struct NumberedUsage([property: Id(0)] long Number, [property: Id(1)] UsageRecord Record);
