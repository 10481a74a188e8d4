using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Grains.Fleet;

/// <summary>
/// Makes of two sightings what the scaling policy wants to see. Which nodes there are is the membership's word, what they do the scheduler's: nodes that the scheduler does not hear
/// of are there, and nobody knows what they have under way.
/// </summary>
internal static class FleetObserver
{
    // Requests that ended have to have been allowed this much before their share of it says something.
    private const double ShareTokens = 20_000;

    /// <summary>What can be said; null where sums began anew between the sightings.</summary>
    /// <param name="before">The sighting before.</param>
    /// <param name="now">The last one.</param>
    /// <param name="options">Units and times.</param>
    /// <param name="outputShare">Share of the tokens allowed that requests produce.</param>
    /// <param name="grown">When units were last added, by role; null if they never were.</param>
    public static FleetObservation? Observe(FleetSighting before, FleetSighting now, ScalingOptions options, double outputShare, (DateTimeOffset? Prefill, DateTimeOffset? Decode) grown)
    {
        if (before.Scheduler.Demand is not { } past || now.Scheduler.Demand is not { } demand || past.Since != demand.Since || demand.Counted <= past.Counted || now.Elapsed <= before.Elapsed)
        {
            return null;
        }

        // Shares of the scheduler's time are shares of the window, whatever clock each goes by.
        TimeSpan window = now.Elapsed - before.Elapsed;
        double pace = window / (demand.Counted - past.Counted);
        RoleObservation prefill = Role(before, now, WorkerRole.Prefill, options.Prefill, options, now.Asked?.Prefill, grown.Prefill, pace);
        RoleObservation decode = Role(before, now, WorkerRole.Decode, options.Decode, options, now.Asked?.Decode, grown.Decode, pace);
        ImmutableArray<ClassLoad> prompts = Classes(past, demand, load => load.PromptTokens, load => load.QueuedPromptTokens, 1);
        ImmutableArray<ClassLoad> outputs = Classes(past, demand, load => load.OutputTokens, load => load.QueuedOutputTokens, outputShare);

        // What came in and is not queued any more was served, found in a cache or computed.
        double prompted = demand.AdmittedPromptTokens - past.AdmittedPromptTokens + QueuedTokens(before) - QueuedTokens(now);
        return new FleetObservation(
            now.At,
            window,
            WithClasses(prefill, prompts) with { ServedTokens = Math.Max(0, prompted) },
            WithClasses(decode, outputs) with { ServedTokens = Sum(before, now, WorkerRole.Decode, worker => worker.Served) });
    }

    /// <summary>Share of the tokens allowed that requests produce, as far as it is known after a sighting.</summary>
    public static double OutputShare(FleetSighting before, FleetSighting now, double known)
    {
        if (before.Scheduler.Demand is not { } past || now.Scheduler.Demand is not { } demand || past.Since != demand.Since || demand.EndedOutputTokens <= past.EndedOutputTokens)
        {
            return known;
        }

        double allowed = demand.EndedOutputTokens - past.EndedOutputTokens;
        double sample = Math.Clamp(Sum(before, now, WorkerRole.Decode, worker => worker.Served) / allowed, 0, 1);
        return known + (allowed / (allowed + ShareTokens) * (sample - known));
    }

    /// <summary>Nodes that serve or will.</summary>
    public static FleetNodes Count(FleetSighting sighting) => new(
        Of(sighting, WorkerRole.Prefill).Count(), Of(sighting, WorkerRole.Decode).Count());

    /// <summary>The role's nodes, without those that are told to stop.</summary>
    public static IEnumerable<FleetNode> Of(FleetSighting sighting, WorkerRole role)
    {
        HashSet<string> draining = [.. Workers(sighting, role).Where(worker => worker.Draining).Select(worker => worker.Worker.Node)];
        return sighting.Nodes.Where(node => (role == WorkerRole.Prefill ? node.Prefill : node.Decode) && !draining.Contains(node.Name));
    }

    private static RoleObservation Role(
        FleetSighting before, FleetSighting now, WorkerRole role, RoleScaling scaling, ScalingOptions options, int? asked, DateTimeOffset? grown, double pace)
    {
        FleetNode[] nodes = [.. Of(now, role)];
        ILookup<string, WorkerStatus> workers = Workers(now, role).ToLookup(worker => worker.Worker.Node, StringComparer.Ordinal);
        int serving = nodes.Count(node => !node.Joining);
        int silent = nodes.Count(node => !node.Joining && !workers[node.Name].Any(worker => worker.ReportAge <= options.ReportTimeout));
        int ready = serving / scaling.NodesPerUnit;
        int present = Units(nodes.Length, scaling);

        // What the platform was asked for and has not brought: on its way for as long as that may take, and then without nodes.
        int missing = Math.Max(0, Units(asked ?? 0, scaling) - present);
        bool late = grown is { } since && now.At - since > 2 * options.StartUp;
        WorkerStatus[] all = [.. Workers(now, role)];
        double total = all.Where(worker => !worker.Draining).Sum(worker => (double)worker.Load.KvBlocksTotal);
        double used = all.Where(worker => !worker.Draining).Sum(worker => (double)worker.Load.KvBlocksUsed);
        return new RoleObservation
        {
            BusyUnitSeconds = pace * Sum(before, now, role, worker => worker.Busy.TotalSeconds / workers[worker.Worker.Node].Count()) / scaling.NodesPerUnit,
            InFlightUnits = workers.Sum(node => node.Average(worker => worker.Fill)) / scaling.NodesPerUnit,
            KvUse = total > 0 ? Math.Min(1, used / total) : 0,
            Ready = ready,
            Unreported = Math.Min(ready, Units(silent, scaling)),
            Starting = present - ready + (late ? 0 : missing),
            Unschedulable = late ? missing : 0,
        };
    }

    private static IEnumerable<WorkerStatus> Workers(FleetSighting sighting, WorkerRole role) => sighting.Scheduler.Workers.Where(worker => worker.Role == role);

    private static int Units(int nodes, RoleScaling scaling) => (nodes + scaling.NodesPerUnit - 1) / scaling.NodesPerUnit;

    private static double QueuedTokens(FleetSighting sighting) => Workers(sighting, WorkerRole.Prefill).Sum(worker => (double)worker.Load.QueuedTokens);

    /// <summary>By how much a sum of the role's workers has grown; one that is less than before began anew.</summary>
    private static double Sum(FleetSighting before, FleetSighting now, WorkerRole role, Func<WorkerStatus, double> of)
    {
        Dictionary<WorkerId, double> past = Workers(before, role).ToDictionary(worker => worker.Worker, of);
        double grown = 0;
        foreach (WorkerStatus worker in Workers(now, role))
        {
            double value = of(worker);
            double was = past.GetValueOrDefault(worker.Worker);
            grown += value < was ? value : value - was;
        }

        return grown;
    }

    private static ImmutableArray<ClassLoad> Classes(DemandStatus past, DemandStatus now, Func<ClassDemand, long> arrived, Func<ClassDemand, long> queued, double share)
    {
        ClassLoad[] loads = new ClassLoad[Enum.GetValues<ServicePriority>().Length];
        foreach (ClassDemand demand in now.Classes)
        {
            long before = past.Classes.Where(other => other.Priority == demand.Priority).Sum(arrived);
            loads[(int)demand.Priority] = new ClassLoad(share * (arrived(demand) - before), share * queued(demand), demand.OldestWait);
        }

        return [.. loads];
    }

    private static RoleObservation WithClasses(RoleObservation role, ImmutableArray<ClassLoad> classes) => role with
    {
        Interactive = classes[(int)ServicePriority.Interactive],
        Standard = classes[(int)ServicePriority.Standard],
        Batch = classes[(int)ServicePriority.Batch],
    };
}
