namespace OrleansServe.Abstractions.Usage;

/// <summary>What a model version's nodes cost in an hour.</summary>
/// <param name="Hour">When the hour began, in UTC.</param>
/// <param name="NodeTime">Nodes times time.</param>
/// <param name="Cost">US dollars.</param>
[GenerateSerializer, Immutable, Alias("os.hour-cost")]
public sealed record HourCost([property: Id(0)] DateTimeOffset Hour, [property: Id(1)] TimeSpan NodeTime, [property: Id(2)] decimal Cost);
