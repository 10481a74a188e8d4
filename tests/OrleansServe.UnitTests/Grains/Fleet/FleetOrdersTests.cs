using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Fleet;
using OrleansServe.Policies.Scaling;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Fleet;

public sealed class FleetOrdersTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ScalingOptions Options = new()
    {
        Prefill = new() { Minimum = 1, Maximum = 4 },
        Decode = new() { Minimum = 1, Maximum = 40, NodesPerUnit = 2 },
    };

    [Fact]
    public void Of_FewerUnits_NamesTheNodesThatAreMissedLeast()
    {
        FleetSighting sighting = Sight(decode: 6, asked: 6, work: node => node == 4 ? 0.9 : node == 1 ? 0 : 0.5);

        FleetOrder order = FleetOrders.Of(Decide(units: 2, drain: 1), sighting, Options, takesLastByNumber: false)!;

        Assert.Equal(new FleetNodes(1, 4), order.Nodes);
        Assert.Equal(["d-1", "d-5"], order.Leaving.ToArray());
        Assert.Equal(["d-5", "d-4"], FleetOrders.Of(Decide(units: 2, drain: 1), sighting, Options, takesLastByNumber: true)!.Leaving.ToArray());
    }

    [Fact]
    public void Of_NodesThatDoMoreThanOneThing_AreNotGivenUp()
    {
        FleetSighting sighting = Sight(decode: 3, asked: 4, work: _ => 0);
        sighting = sighting with { Nodes = [.. sighting.Nodes.Select(node => node with { HasOtherRoles = true })] };

        FleetOrder order = FleetOrders.Of(Decide(units: 1, drain: 1), sighting, Options, takesLastByNumber: false)!;

        Assert.Empty(order.Leaving);
    }

    [Fact]
    public void Of_SilentNode_StaysAsIfItWereFull()
    {
        FleetSighting sighting = Sight(decode: 4, asked: 4, work: node => node == 3 ? null : 0.8);

        Assert.DoesNotContain("d-3", FleetOrders.Of(Decide(units: 1, drain: 1), sighting, Options, takesLastByNumber: false)!.Leaving);
    }

    [Fact]
    public void Of_PlatformThatDoesNotSay_IsNoOrder() =>
        Assert.Null(FleetOrders.Of(Decide(units: 1, drain: 9), Sight(decode: 4, asked: null, work: _ => 0), Options, takesLastByNumber: false));

    [Theory]
    [InlineData(5, 1, 0, 10, 10)] // Ten nodes were asked for by somebody else, and none may leave now.
    [InlineData(2, 1, 0, 10, 8)]  // One unit may.
    [InlineData(2, 0, 2, 10, 6)]  // Two that never came are taken back.
    [InlineData(2, 9, 0, 10, 4)]
    [InlineData(7, 0, 0, 10, 14)]
    [InlineData(0, 0, 0, 10, 10)]
    public void NodeTarget_Of_NeverGivesUpMoreThanTheDecisionLets(int units, int drain, int cancel, int asked, int target) =>
        Assert.Equal(target, NodeTarget.Of(new RoleDecision(units, 0, cancel, drain, 0, ""), Options.Decode, asked));

    /// <summary>Whatever reports, clocks and platforms do, a fleet goes down by a quarter at a time, and not at all where nobody knows how it is.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Orders_OfAnyDayOfFaults_AreNoMassScaleIn(int seed)
    {
        Random random = new(seed);
        ScalingPolicy policy = new(Options);
        ScalingState state = new();
        DateTimeOffset now = Noon;
        int asked = 40;
        int shrunk = 0;
        for (int minute = 0; minute < 1500; minute++)
        {
            bool jumps = random.Next(40) == 0;
            now += jumps ? TimeSpan.FromHours((random.NextDouble() * 400) - 200) : TimeSpan.FromMinutes(1);
            bool seen = random.Next(4) > 0;
            FleetObservation? observation = seen ? Observe(now, asked, random) : null;

            ScalingDecision decision = policy.Decide(state, observation, now);
            FleetSighting sighting = Sight(asked, random.Next(10) > 0 ? asked : null, _ => 0);
            FleetOrder? order = FleetOrders.Of(decision, sighting, Options, takesLastByNumber: true);

            int target = order?.Nodes.Decode ?? asked;
            int units = state.Decode.Units ?? (asked / 2);
            Assert.True(target >= asked - (2 * Math.Max(1, Math.Max(units, decision.Decode.Units) / 4)), $"{asked} to {target} at {minute}");
            if (!seen || jumps)
            {
                Assert.True(target >= asked, $"{asked} to {target} at {minute}, unseen or after a jump");
            }

            shrunk += target < asked ? 1 : 0;

            // Sometimes what is remembered is lost, or somebody else asks for more.
            (state, asked) = (random.Next(100) == 0 ? new ScalingState() : decision.State, random.Next(50) == 0 ? Math.Max(target, 2 * random.Next(20)) : target);
        }

        Assert.True(shrunk > 0, "the fleet never shrank, so that nothing was shown");
    }

    private static FleetObservation Observe(DateTimeOffset now, int asked, Random random)
    {
        int ready = asked / 2;
        int silent = random.Next(20) == 0 ? ready : 0;
        ClassLoad load = new(random.Next(3) == 0 ? 0 : random.Next(60_000));
        RoleObservation decode = new()
        {
            Interactive = load,
            Ready = ready,
            Unreported = silent,
            ServedTokens = load.ArrivedTokens,
            BusyUnitSeconds = load.ArrivedTokens / 200,
            InFlightUnits = Math.Min(ready, load.ArrivedTokens / 12_000),
        };
        return new FleetObservation(now, TimeSpan.FromMinutes(random.Next(50) == 0 ? 0 : 1), new RoleObservation { Ready = 1 }, decode);
    }

    private static ScalingDecision Decide(int units, int drain) =>
        new(new RoleDecision(1, 0, 0, 0, 0, ""), new RoleDecision(units, 0, 0, drain, 0, ""), 0, "why", new ScalingState());

    private static FleetSighting Sight(int decode, int? asked, Func<int, double?> work)
    {
        ImmutableArray<WorkerStatus> workers = [.. Enumerable.Range(0, decode).Where(i => work(i) is not null).Select(i =>
            new WorkerStatus(new WorkerId($"d-{i}", "w"), WorkerRole.Decode, new WorkerLoad(0, 0, 0, 100, 0, 0, 0, 0), TimeSpan.Zero, "f", "a", "k") { Fill = work(i)!.Value })];
        ImmutableArray<FleetNode> nodes = [new("p-0", true, false, false), .. Enumerable.Range(0, decode).Select(i => new FleetNode($"d-{i}", false, true, false))];
        return new FleetSighting(Noon, TimeSpan.Zero, new SchedulerSnapshot(workers, 0), nodes, asked is { } count ? new FleetNodes(1, count) : null);
    }
}
