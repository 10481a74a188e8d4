using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Scheduling;

/// <summary>The workers as the scheduler sees them.</summary>
/// <param name="Workers">Known workers, by role and then by key.</param>
/// <param name="QueuedRequests">Requests that wait for admission.</param>
[GenerateSerializer, Immutable, Alias("os.scheduler-snapshot")]
public sealed record SchedulerSnapshot(
    [property: Id(0)] ImmutableArray<WorkerStatus> Workers,
    [property: Id(1)] int QueuedRequests)
{
    /// <summary>What has been asked of the scheduler; null if it does not say.</summary>
    [Id(2)]
    public DemandStatus? Demand { get; init; }
}
