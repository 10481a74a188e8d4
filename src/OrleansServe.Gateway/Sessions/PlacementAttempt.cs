using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Gateway.Sessions;

/// <summary>One attempt at placing what is asked for.</summary>
/// <param name="Order">What is asked for.</param>
/// <param name="Id">By what name the cluster knows it.</param>
/// <param name="Hashes">Names of the full blocks of what is computed first.</param>
/// <param name="Avoid">Workers that failed before.</param>
internal sealed record PlacementAttempt(WorkOrder Order, Guid Id, ImmutableArray<UInt128> Hashes, ImmutableArray<WorkerId> Avoid)
{
    /// <summary>Time spent waiting for admission, over all attempts so far.</summary>
    public TimeSpan Queued { get; set; }
}
