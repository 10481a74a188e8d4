using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;

namespace OrleansServe.Grains.Fleet;

/// <summary>What the scheduler and the membership say at one moment.</summary>
/// <param name="At">When.</param>
/// <param name="Elapsed">The same by a clock that nobody sets, since the grain began to look.</param>
/// <param name="Scheduler">The scheduler's workers and sums.</param>
/// <param name="Nodes">The cluster's silos.</param>
/// <param name="Asked">Nodes that the platform was asked for; null if that is not known.</param>
internal sealed record FleetSighting(DateTimeOffset At, TimeSpan Elapsed, SchedulerSnapshot Scheduler, ImmutableArray<FleetNode> Nodes, FleetNodes? Asked);
