namespace OrleansServe.Abstractions.Usage;

/// <summary>What a request used, told once it has ended, however it ended.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Model">The model version that served it.</param>
/// <param name="EndedAt">When it ended; says its hour and its prices.</param>
/// <param name="CacheHit">Prompt tokens that came from a prefix cache.</param>
/// <param name="CacheMiss">Prompt tokens that were computed.</param>
/// <param name="Output">Tokens produced, of all samples, reasoning included.</param>
/// <param name="Reasoning">Of the tokens produced, those that were reasoning.</param>
[GenerateSerializer, Immutable, Alias("os.usage-record")]
public sealed record UsageRecord(
    [property: Id(0)] Guid RequestId,
    [property: Id(1)] string Model,
    [property: Id(2)] DateTimeOffset EndedAt,
    [property: Id(3)] long CacheHit,
    [property: Id(4)] long CacheMiss,
    [property: Id(5)] long Output,
    [property: Id(6)] long Reasoning);
