using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Fleet;

/// <summary>What is to become of the fleet, as last decided.</summary>
/// <param name="PrefillUnits">Units of prefill wanted; null before the first decision.</param>
/// <param name="DecodeUnits">The same of decode.</param>
/// <param name="DecidedAt">When; null before the first decision.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Fault">Why the fleet could not be changed; null if it could.</param>
[GenerateSerializer, Immutable, Alias("os.fleet-status")]
public sealed record FleetStatus(
    [property: Id(0)] int? PrefillUnits,
    [property: Id(1)] int? DecodeUnits,
    [property: Id(2)] DateTimeOffset? DecidedAt,
    [property: Id(3)] string Reason,
    [property: Id(4)] string? Fault)
{
    /// <summary>Nodes told to leave with the last decision, by name.</summary>
    [Id(5)]
    public ImmutableArray<string> Leaving { get; init; } = [];
}
