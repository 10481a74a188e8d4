using System.Globalization;
using System.Text.Json;

using OrleansServe.Policies.Scaling;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Scaling;

public sealed class ScalingPolicyTests
{
    private static readonly DateTimeOffset Monday = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly RoleScaling Role = new() { Minimum = 1, Maximum = 200, InitialCapacity = FluidFleet.Capacity };
    private static readonly ScalingOptions Options = new() { Prefill = Role, Decode = Role with { NodesPerUnit = 3 }, GpuHourPrice = 2 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Decide_SteadyNoisyDemand_SettlesAndDoesNotFlap(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 8; round++)
        {
            double level = FluidFleet.Capacity * (1 + (100 * random.NextDouble()));
            FluidFleet fleet = new(Options, Monday);
            fleet.Run(TimeSpan.FromHours(2), _ => Noisy(level, random));
            List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromHours(12), _ => Noisy(level, random));

            int[] changes = [.. decisions.Zip(decisions.Skip(1), (a, b) => Math.Sign(b.Prefill.Units - a.Prefill.Units)).Where(sign => sign != 0)];
            Assert.InRange(changes.Length, 0, 4);
            Assert.All(decisions, decision => Assert.InRange(decision.Prefill.Units * FluidFleet.Capacity, level, (level * 1.06) + (2 * FluidFleet.Capacity)));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decide_AnyDemand_LeavesTimeBetweenAddingAndTakingAway(int seed)
    {
        Random random = new(seed);
        FluidFleet fleet = new(Options, Monday);
        double level = 20_000;
        List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromDays(3), _ => level = Math.Clamp(level * Math.Exp(0.3 * (random.NextDouble() - 0.5)), 100, 150_000));

        DateTimeOffset? grown = null;
        int before = decisions[0].Prefill.Units;
        int drained = 0;
        foreach (ScalingDecision decision in decisions.Skip(1))
        {
            if (decision.Prefill.Units > before)
            {
                grown = decision.State.At;
            }
            else if (decision.Prefill.Units < before)
            {
                drained++;
                Assert.True(grown is null || decision.State.At - grown >= Options.ScaleInCoolDown, decision.Reason);
            }

            before = decision.Prefill.Units;
        }

        Assert.True(drained > 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decide_RandomObservations_NeverGoesBelowWhatIsInFlightOrOutsideTheLimits(int seed)
    {
        Random random = new(seed);
        FluidFleet fleet = new(Options, Monday);
        int before = 0;
        int shrunk = 0;
        for (int step = 0; step < 5000; step++)
        {
            fleet.InFlight = random.Next(4) == 0 ? random.NextDouble() * Math.Max(1, fleet.Ready) : null;
            double inFlight = 0;
            int unreported = random.Next(10) == 0 ? random.Next(fleet.Ready + 1) : 0;
            fleet.Seen = observation =>
            {
                inFlight = observation.Prefill.InFlightUnits;
                return observation with { Prefill = observation.Prefill with { Unreported = unreported } };
            };
            ScalingDecision decision = fleet.Step((step / 200 % 2 == 0 ? 1 : 0.1) * random.NextDouble() * 100_000);

            Assert.InRange(decision.Prefill.Units, Role.Minimum, Role.Maximum);
            if (step > 0 && decision.Prefill.Units < before)
            {
                shrunk++;
                Assert.True(decision.Prefill.Units >= Math.Min(before, (int)Math.Ceiling(inFlight - 0.02) + unreported), decision.Reason);
            }

            before = decision.Prefill.Units;
        }

        Assert.True(shrunk > 20);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 3)]
    public void Decide_TrafficStops_GoesToTheMinimum(int earlierDays, int minimum)
    {
        ScalingOptions options = Options with { Prefill = Role with { Minimum = minimum } };
        FluidFleet fleet = new(options, Monday);
        fleet.Run(TimeSpan.FromDays(earlierDays) + TimeSpan.FromHours(6), _ => 80_000);
        List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromMinutes(60), _ => 0);

        Assert.Equal(minimum, decisions[^1].Prefill.Units);
        Assert.Equal(1, decisions[^1].Decode.Units);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decide_TrafficStopsAfterRestlessHours_GoesToTheMinimumAllTheSame(int seed)
    {
        Random random = new(seed);
        FluidFleet fleet = new(Options, Monday);
        fleet.Run(TimeSpan.FromHours(5), time => (time.Minute / 15 % 2 == 0 ? 90_000 : 10_000) * (0.5 + random.NextDouble()));
        Assert.True(fleet.State.Prefill.Regrets > 0);
        List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromMinutes(45), _ => 0);

        Assert.Equal(1, decisions[^1].Prefill.Units);
    }

    [Fact]
    public void Decide_RampOfYesterday_HasUnitsReadyBeforeTheyAreNeeded()
    {
        FluidFleet fleet = new(Options, Monday);
        double Demand(DateTimeOffset time) => 20_000 + (60_000 * Math.Clamp((time.TimeOfDay.TotalHours - 8) / 2, 0, 1) * Math.Clamp((22 - time.TimeOfDay.TotalHours) / 2, 0, 1));
        fleet.Run(TimeSpan.FromDays(1), Demand);
        double unitHours = 0;
        for (int minute = 0; minute < 24 * 60; minute++)
        {
            double demand = Demand(fleet.Now);
            fleet.Step(demand);
            unitHours += (fleet.Ready + fleet.Starting) / 60.0;

            Assert.True(fleet.Queue <= demand, $"{fleet.Now:HH:mm}: {fleet.Queue:0} tokens wait");
        }

        double optimum = Enumerable.Range(0, 24 * 60).Sum(minute => Math.Ceiling(Demand(Monday.AddMinutes(minute)) / FluidFleet.Capacity / 0.95)) / 60;
        Assert.InRange(unitHours / optimum, 0.9, 1.03);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(-12)]
    [InlineData(240)]
    public void Decide_ClockIsSet_TakesNothingAwayForAWhile(int hours)
    {
        FluidFleet fleet = new(Options, Monday);
        double Demand(DateTimeOffset time) => time.Hour is >= 8 and < 22 ? 80_000 : 10_000;
        fleet.Run(TimeSpan.FromDays(2) + TimeSpan.FromHours(12), Demand);
        int before = fleet.State.Prefill.Units!.Value;
        fleet.Now += TimeSpan.FromHours(hours);
        List<ScalingDecision> decisions = fleet.Run(Options.StartUp, _ => 80_000);

        Assert.All(decisions, decision => Assert.True(decision.Prefill.Units >= before, decision.Reason));
        Assert.All(decisions, decision => Assert.Equal(0, decision.Prefill.Drain));

        // Afterwards what is measured holds, whatever the clock says.
        Assert.All(fleet.Run(TimeSpan.FromHours(1), _ => 80_000), decision => Assert.True(decision.Prefill.Units >= 80, decision.Reason));
    }

    [Fact]
    public void Decide_ReportsAreMissing_TakesNothingAwayAndSaysWhy()
    {
        FleetObservation? old = null;
        FluidFleet fleet = new(Options, Monday) { Seen = observation => old = observation };
        fleet.Run(TimeSpan.FromHours(3), _ => 50_000);
        int before = fleet.State.Prefill.Units!.Value;
        foreach (Func<FleetObservation, FleetObservation?> seen in (Func<FleetObservation, FleetObservation?>[])
        [
            _ => null,
            _ => old,
            observation => observation with { At = observation.At.AddHours(1) },
            observation => observation with { Window = TimeSpan.Zero },
            observation => observation with { Decode = observation.Decode with { ServedTokens = double.NaN } },
            observation => observation with { Prefill = observation.Prefill with { Ready = -1 } },
        ])
        {
            fleet.Seen = seen;
            List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromMinutes(30), _ => 0);

            Assert.DoesNotContain(decisions, decision => decision.Prefill.Units != before);
        }

        Assert.Contains("there is no current report", fleet.Run(TimeSpan.FromMinutes(10), _ => 0)[^1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_OneReportOfNothing_TakesAwayAQuarterAtMost()
    {
        FluidFleet fleet = new(Options, Monday);
        fleet.Run(TimeSpan.FromHours(3), _ => 50_000);
        int before = fleet.State.Prefill.Units!.Value;
        int after = fleet.Step(0).Prefill.Units;

        Assert.InRange(after, (before * 3 / 4) - 1, before);
        Assert.DoesNotContain(fleet.Run(TimeSpan.FromMinutes(30), _ => 50_000), decision => decision.Prefill.Units < after);
    }

    [Fact]
    public void Decide_AllWorkersUnreported_KeepsThem()
    {
        FluidFleet fleet = new(Options, Monday);
        fleet.Run(TimeSpan.FromHours(3), _ => 50_000);
        int before = fleet.State.Prefill.Units!.Value;
        fleet.Seen = observation => observation with { Prefill = observation.Prefill with { Unreported = observation.Prefill.Ready } };

        Assert.DoesNotContain(fleet.Run(TimeSpan.FromHours(1), _ => 0), decision => decision.Prefill.Units != before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decide_UnitsWithoutNodes_ChangeNothingButTheOrders(int seed)
    {
        Random random = new(seed);
        ScalingPolicy policy = new(Options);
        FluidFleet fleet = new(Options, Monday);
        for (int step = 0; step < 2000; step++)
        {
            int pending = random.Next(1, 50);
            ScalingState state = fleet.State;
            FleetObservation? seen = null;
            fleet.Seen = observation => seen = observation;
            ScalingDecision with = fleet.Step((step / 300 % 2 == 0 ? 60_000 : 5_000) * (0.5 + random.NextDouble()));
            RoleObservation stuck = seen!.Prefill with { Unschedulable = pending };
            ScalingDecision other = policy.Decide(state, seen with { Prefill = stuck }, fleet.Now);

            Assert.Equal(with.Prefill.Units, other.Prefill.Units);
            Assert.Equal(with.Prefill.Drain, other.Prefill.Drain);

            // Of those that are stuck as many stay as are wanted, and the others are taken back at once.
            int wanted = Math.Max(0, other.Prefill.Units - stuck.Ready - stuck.Starting);
            Assert.Equal(Math.Max(0, pending - wanted), other.Prefill.Cancel);
            Assert.Equal(Math.Max(0, wanted - pending), other.Prefill.Start);
        }
    }

    [Fact]
    public void Decide_NodesAreShort_ScalesInAllTheSame()
    {
        FluidFleet fleet = new(Options, Monday) { Nodes = 40 };
        ScalingDecision full = fleet.Run(TimeSpan.FromHours(2), _ => 80_000)[^1];

        Assert.True(full.Prefill.Units > 80);
        Assert.Equal(40, fleet.Ready);
        Assert.Contains("find no nodes and are not counted on", full.Reason, StringComparison.Ordinal);

        fleet.Run(TimeSpan.FromHours(9), _ => 5_000);
        Assert.InRange(fleet.Ready, 5, 8);
    }

    [Fact]
    public void Decide_FleetIsStrongerThanThought_LearnsIt()
    {
        ScalingOptions options = Options with { Prefill = Role with { InitialCapacity = FluidFleet.Capacity / 2 } };
        FluidFleet fleet = new(options, Monday);
        fleet.Run(TimeSpan.FromHours(2), _ => 50_000);

        Assert.InRange(fleet.State.Prefill.Capacity, FluidFleet.Capacity * 0.99, FluidFleet.Capacity * 1.01);
        Assert.InRange(fleet.State.Prefill.Units!.Value, 51, 54);
    }

    [Fact]
    public void Decide_NothingKnownOfTheCapacity_GoesByWhatIsInFlightUntilItIs()
    {
        FluidFleet fleet = new(Options with { Prefill = Role with { InitialCapacity = 0 }, Decode = Role with { InitialCapacity = 0 } }, Monday);
        fleet.Run(TimeSpan.FromHours(3), _ => 30_000);

        Assert.InRange(fleet.State.Prefill.Capacity, FluidFleet.Capacity * 0.99, FluidFleet.Capacity * 1.01);
        Assert.InRange(fleet.State.Prefill.Units!.Value, 31, 40);
    }

    [Fact]
    public void Decide_StepsOfThree_MovesInThem()
    {
        FluidFleet fleet = new(Options with { Prefill = Role with { Minimum = 2, Step = 3 } }, Monday);
        List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromDays(1), time => 40_000 + (30_000 * Math.Sin(time.TimeOfDay.TotalHours)));

        Assert.True(decisions.Select(decision => decision.Prefill.Units).Distinct().Count() > 5);
        Assert.All(decisions, decision => Assert.Equal(2, decision.Prefill.Units % 3));
    }

    [Fact]
    public void Decide_State_SurvivesBeingWrittenAsJson()
    {
        FluidFleet straight = new(Options, Monday);
        FluidFleet moved = new(Options, Monday);
        double Demand(DateTimeOffset time) => 40_000 + (30_000 * Math.Sin(time.TimeOfDay.TotalHours));
        foreach (ScalingDecision decision in straight.Run(TimeSpan.FromHours(30), Demand))
        {
            ScalingDecision other = moved.Step(Demand(moved.Now));
            Assert.Equal(decision.Reason, other.Reason);
            moved.State = JsonSerializer.Deserialize<ScalingState>(JsonSerializer.Serialize(moved.State))!;
        }
    }

    [Fact]
    public void Decide_EachReason_SaysWhatChangesAndWhy()
    {
        FluidFleet fleet = new(Options, Monday);
        ScalingDecision first = fleet.Step(50_000);

        Assert.Contains($"1 to {first.Prefill.Units} units: added ahead of need", first.Prefill.Reason, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"cost ${first.CostPerHour:0.00} an hour"), first.Reason, StringComparison.Ordinal);
        Assert.Equal(((1 * first.Prefill.Units) + (3 * first.Decode.Units)) * 8 * 2m, first.CostPerHour);
    }

    private static double Noisy(double level, Random random) => level * (1 + (0.004 * (random.NextDouble() - 0.5)));
}
