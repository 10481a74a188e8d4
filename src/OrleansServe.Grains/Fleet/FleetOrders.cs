using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Grains.Fleet;

/// <summary>Makes of a decision what the platform is to do.</summary>
internal static class FleetOrders
{
    /// <summary>The order; null where nobody knows what the platform was asked for.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="sighting">The last sighting; null if there is none.</param>
    /// <param name="options">Units and times.</param>
    /// <param name="takesLastByNumber">Whether the platform chooses the nodes that leave, by their numbers.</param>
    public static FleetOrder? Of(ScalingDecision decision, FleetSighting? sighting, ScalingOptions options, bool takesLastByNumber)
    {
        if (sighting?.Asked is not { } asked)
        {
            return null;
        }

        FleetNodes nodes = new(NodeTarget.Of(decision.Prefill, options.Prefill, asked.Prefill), NodeTarget.Of(decision.Decode, options.Decode, asked.Decode));
        return new FleetOrder(
            nodes,
            [.. Leaving(WorkerRole.Prefill, nodes.Prefill, asked.Prefill), .. Leaving(WorkerRole.Decode, nodes.Decode, asked.Decode)],
            decision.Reason);

        IEnumerable<string> Leaving(WorkerRole role, int target, int now)
        {
            if (target >= now)
            {
                return [];
            }

            FleetNode[] present = [.. FleetObserver.Of(sighting, role)];
            DrainCandidate[] candidates = [.. present.Where(node => !node.HasOtherRoles).Select(node => Candidate(node, role))];
            return takesLastByNumber ? DrainChoice.LastByNumber(candidates, target) : DrainChoice.LeastMissed(candidates, present.Length - target);
        }

        DrainCandidate Candidate(FleetNode node, WorkerRole role)
        {
            // One that has yet to serve has nothing to lose; of one that serves and is not heard of, nobody knows.
            WorkerStatus[] workers = [.. sighting.Scheduler.Workers.Where(worker => worker.Role == role && worker.Worker.Node == node.Name)];
            return workers.Length > 0
                ? new DrainCandidate(node.Name, Math.Clamp(workers.Average(worker => worker.Fill), 0, 1), workers.Sum(worker => worker.UniqueBlocks))
                : new DrainCandidate(node.Name, node.Joining ? 0 : 1, 0);
        }
    }
}
