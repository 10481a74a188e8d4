namespace OrleansServe.Abstractions.Usage;

/// <summary>What a tenant's requests used of a model version in an hour.</summary>
/// <param name="Tenant">Whose requests.</param>
/// <param name="Model">The model version.</param>
/// <param name="Hour">When the hour began, in UTC.</param>
/// <param name="Requests">Requests that ended in it and produced something.</param>
/// <param name="CacheHit">Prompt tokens that came from a prefix cache.</param>
/// <param name="CacheMiss">Prompt tokens that were computed.</param>
/// <param name="Output">Tokens produced, reasoning included.</param>
/// <param name="Reasoning">Of the tokens produced, those that were reasoning.</param>
/// <param name="Income">US dollars, by the prices at each request's end.</param>
[GenerateSerializer, Immutable, Alias("os.hour-usage")]
public sealed record HourUsage(
    [property: Id(0)] string Tenant,
    [property: Id(1)] string Model,
    [property: Id(2)] DateTimeOffset Hour,
    [property: Id(3)] long Requests,
    [property: Id(4)] long CacheHit,
    [property: Id(5)] long CacheMiss,
    [property: Id(6)] long Output,
    [property: Id(7)] long Reasoning,
    [property: Id(8)] decimal Income);
