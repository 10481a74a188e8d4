using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Fleet;
using OrleansServe.Policies.Scaling;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Fleet;

public sealed class FleetObserverTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ScalingOptions Options = new()
    {
        Prefill = new() { NodesPerUnit = 1, Maximum = 10 },
        Decode = new() { NodesPerUnit = 2, Maximum = 10 },
        StartUp = TimeSpan.FromMinutes(10),
    };

    [Fact]
    public void Observe_SumsOfAMinute_AreDifferencesByClass()
    {
        FleetSighting before = Sight(0, [Worker("p0", WorkerRole.Prefill, 0, 0, queued: 100), Worker("d0", WorkerRole.Decode, 10, 500), Worker("d1", WorkerRole.Decode, 0, 0)], interactive: 1000, admitted: 5000);
        FleetSighting now = Sight(60, [Worker("p0", WorkerRole.Prefill, 30, 0, queued: 400), Worker("d0", WorkerRole.Decode, 40, 900, fill: 0.5), Worker("d1", WorkerRole.Decode, 30, 100, fill: 1)], interactive: 7000, admitted: 10_000);

        FleetObservation seen = FleetObserver.Observe(before, now, Options, 0.25, default)!;

        Assert.Equal(TimeSpan.FromSeconds(60), seen.Window);
        Assert.Equal(new ClassLoad(6000, 70, TimeSpan.FromSeconds(3)), seen.Prefill.Interactive);
        Assert.Equal(new ClassLoad(0.25 * 12_000, 0.25 * 140, TimeSpan.FromSeconds(3)), seen.Decode.Interactive);
        Assert.Equal((default, default), (seen.Prefill.Standard, seen.Prefill.Batch));
        Assert.Equal(4700, seen.Prefill.ServedTokens);
        Assert.Equal((500, 30, 0.75), (seen.Decode.ServedTokens, seen.Decode.BusyUnitSeconds, seen.Decode.InFlightUnits));
        Assert.Equal((1, 0, 0, 0), Units(seen.Decode));
        Assert.Equal(30, seen.Prefill.BusyUnitSeconds);
    }

    [Fact]
    public void Observe_SchedulerThatBeganAnew_SaysNothing()
    {
        FleetSighting before = Sight(0, [], interactive: 1000);

        Assert.Null(FleetObserver.Observe(before, Sight(60, [], interactive: 10, since: Noon.AddSeconds(30)), Options, 1, default));
        Assert.Null(FleetObserver.Observe(before, before, Options, 1, default));
    }

    [Fact]
    public void Observe_WorkersThatNobodyHearsOf_AreThereAndUnreported()
    {
        FleetSighting before = Sight(0, [Worker("d0", WorkerRole.Decode, 0, 0), Worker("d1", WorkerRole.Decode, 0, 0)]);

        RoleObservation decode = FleetObserver.Observe(before, Sight(60, [Worker("d0", WorkerRole.Decode, 0, 0)]), Options, 1, default)!.Decode;

        Assert.Equal((1, 1, 0, 0), Units(decode));
    }

    [Fact]
    public void Observe_NodesThatDrain_AreNotReady()
    {
        FleetSighting before = Sight(0, []);
        WorkerStatus draining = Worker("d0", WorkerRole.Decode, 0, 0) with { Draining = true, Fill = 1 };

        RoleObservation decode = FleetObserver.Observe(before, Sight(60, [draining, Worker("d1", WorkerRole.Decode, 0, 0)]), Options, 1, default)!.Decode;

        // A unit of two nodes that has lost one is not ready; what the other has under way still fills half a unit.
        Assert.Equal((0, 0, 1, 0), Units(decode));
        Assert.Equal(0.5, decode.InFlightUnits);
    }

    [Theory]
    [InlineData(10, 4, 0)]
    [InlineData(21, 0, 4)]
    public void Observe_NodesAskedForThatDoNotCome_StartAndThenAreWithout(int minutes, int starting, int without)
    {
        FleetSighting before = Sight(0, []);
        FleetSighting now = Sight(60, []) with { Asked = new FleetNodes(1, 10) };

        RoleObservation decode = FleetObserver.Observe(before, now, Options, 1, (null, now.At.AddMinutes(-minutes)))!.Decode;

        Assert.Equal((1, 1, starting, without), Units(decode));
    }

    [Fact]
    public void Observe_WorkerThatIsNew_CountsFromZero()
    {
        FleetSighting before = Sight(0, [Worker("d0", WorkerRole.Decode, 500, 9000)]);
        FleetSighting now = Sight(60, [Worker("d0", WorkerRole.Decode, 4, 70), Worker("d1", WorkerRole.Decode, 2, 30)]);

        RoleObservation decode = FleetObserver.Observe(before, now, Options, 1, default)!.Decode;

        Assert.Equal((100, 3), (decode.ServedTokens, decode.BusyUnitSeconds));
    }

    [Fact]
    public void OutputShare_RequestsThatUseATenth_ComesDownToIt()
    {
        double share = 1;
        FleetSighting before = Sight(0, [Worker("d0", WorkerRole.Decode, 0, 0)]);
        for (int i = 1; i <= 20; i++)
        {
            FleetSighting now = Sight(i * 60, [Worker("d0", WorkerRole.Decode, 0, i * 5000)], ended: i * 50_000);
            (share, before) = (FleetObserver.OutputShare(before, now, share), now);
        }

        Assert.Equal(0.1, share, 0.01);
        Assert.Equal(share, FleetObserver.OutputShare(before, before, share));
    }

    private static (int Ready, int Unreported, int Starting, int Unschedulable) Units(RoleObservation role) => (role.Ready, role.Unreported, role.Starting, role.Unschedulable);

    private static FleetSighting Sight(int second, ImmutableArray<WorkerStatus> workers, long interactive = 0, long admitted = 0, long ended = 0, DateTimeOffset? since = null)
    {
        ClassDemand demand = new(ServicePriority.Interactive, interactive, 2 * interactive, 70, 140, TimeSpan.FromSeconds(3));
        DemandStatus sums = new(since ?? Noon, TimeSpan.FromSeconds(second + 1), [demand, new ClassDemand(ServicePriority.Standard, 0, 0, 0, 0, default)], admitted, ended);
        ImmutableArray<FleetNode> nodes = [new("p0", true, false, false), new("d0", false, true, false), new("d1", false, true, false), new("g", false, false, false)];
        return new FleetSighting(Noon.AddSeconds(second), TimeSpan.FromSeconds(second), new SchedulerSnapshot(workers, 0) { Demand = sums }, nodes, null);
    }

    private static WorkerStatus Worker(string node, WorkerRole role, double busy, long served, double fill = 0, long queued = 0) =>
        new(new WorkerId(node, "w"), role, new WorkerLoad(0, 0, queued, 100, 0, 0, 0, 0), TimeSpan.Zero, "f", "a", "k") { Busy = TimeSpan.FromSeconds(busy), Served = served, Fill = fill };
}
