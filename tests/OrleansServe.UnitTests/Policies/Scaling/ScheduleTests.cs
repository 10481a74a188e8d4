using OrleansServe.Policies.Scaling;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Scaling;

public sealed class ScheduleTests
{
    private static readonly RoleScaling Role = new() { Minimum = 1, Maximum = 200, InitialCapacity = FluidFleet.Capacity };

    private static readonly ScheduleWindow Peak = new() { Name = "peak", From = new(8, 30), To = new(22, 0), PrefillMinimum = 20 };
    private static readonly ScheduleWindow Night = new() { Name = "night", From = new(22, 0), To = new(8, 30), PrefillMaximum = 5 };

    private static readonly ScalingOptions Options = new() { TimeZone = "Europe/Berlin", Prefill = Role, Decode = Role, Schedule = [Peak, Night], GpuHourPrice = 2 };

    [Theory]
    [InlineData("2026-03-27T08:30:00+01:00")]
    [InlineData("2026-03-30T08:30:00+02:00")]
    [InlineData("2026-10-26T08:30:00+01:00")]
    public void Decide_BeforeThePeak_HasItsUnitsWhenTheWallClockSaysSo(string begins)
    {
        DateTimeOffset peak = DateTimeOffset.Parse(begins, null);
        FluidFleet fleet = new(Options, peak.AddDays(-3));
        int atBegin = 0;
        int wellBefore = 0;
        fleet.Run(TimeSpan.FromDays(3) + TimeSpan.FromMinutes(5), time =>
        {
            wellBefore = time == peak.AddMinutes(-15) ? fleet.Ready + fleet.Starting : wellBefore;
            atBegin = time == peak.AddMinutes(1) ? fleet.Ready : atBegin;
            return 500;
        });

        Assert.Equal(1, wellBefore);
        Assert.Equal(20, atBegin);
    }

    [Fact]
    public void Decide_AtNight_StaysBelowTheLimitAndSaysThatMoreIsNeeded()
    {
        FluidFleet fleet = new(Options, new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.FromHours(1)));
        List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromHours(2), _ => 30_000);

        Assert.All(decisions, decision => Assert.True(decision.Prefill.Units <= 5, decision.Reason));
        Assert.Contains("at most 5 for night, which is less than is needed", decisions[^1].Prefill.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_NightBegins_DrainsNoMoreThanIsNotInFlight()
    {
        FluidFleet fleet = new(Options, new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.FromHours(1)));
        fleet.Run(TimeSpan.FromHours(9.9), _ => 30_000);
        fleet.InFlight = 12;
        List<ScalingDecision> decisions = fleet.Run(TimeSpan.FromHours(1), _ => 2_000);

        Assert.Equal(12, decisions[^1].Prefill.Units);
        fleet.InFlight = null;
        Assert.Equal(3, fleet.Run(TimeSpan.FromHours(2), _ => 2_000)[^1].Prefill.Units);
    }

    [Fact]
    public void Decide_SummerTimeBegins_ForecastGoesByTheWallClock()
    {
        // The peak is at ten o'clock on the wall; on 29 March 2026 that is an hour earlier than the day before.
        TimeZoneInfo berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        ScalingOptions options = Options with { Schedule = [] };
        double Demand(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, berlin).Hour == 10 ? 60_000 : 20_000;
        FluidFleet fleet = new(options, new DateTimeOffset(2026, 3, 27, 0, 0, 0, TimeSpan.FromHours(1)));
        fleet.Run(TimeSpan.FromHours(24 + 24 + 9 - 1), Demand);
        int ready = 0;
        fleet.Run(TimeSpan.FromHours(1), time =>
        {
            ready = fleet.Ready;
            return Demand(time);
        });

        Assert.Equal(10, TimeZoneInfo.ConvertTime(fleet.Now, berlin).Hour);
        Assert.InRange(ready, 55, 65);
    }

    [Fact]
    public void Decide_BatchWork_WaitsForTheCheaperHour()
    {
        ScalingOptions options = new()
        {
            TimeZone = "+08:00",
            Prefill = Role,
            Decode = Role,
            GpuHourPrice = 2,
            Prices = [new PriceWindow(new(0, 30), new(8, 30), 1)],
            Batch = new ClassScaling(1, TimeSpan.FromSeconds(30), TimeSpan.FromHours(4)),
        };
        ScalingPolicy policy = new(options);
        RoleObservation Batch(double tokens, TimeSpan oldest) => new() { Batch = new ClassLoad(60 * tokens, tokens * oldest.TotalSeconds, oldest), Ready = 1 };
        ScalingDecision At(int hour, TimeSpan oldest)
        {
            DateTimeOffset now = new(2026, 3, 2, hour, 0, 0, TimeSpan.FromHours(8));
            return policy.Decide(new ScalingState(), new FleetObservation(now, TimeSpan.FromMinutes(1), Batch(30_000, oldest), Batch(30_000, oldest)), now);
        }

        Assert.Equal(1, At(22, TimeSpan.FromMinutes(10)).Prefill.Units);
        Assert.InRange(At(12, TimeSpan.FromMinutes(10)).Prefill.Units, 30, 200);
        Assert.InRange(At(2, TimeSpan.FromMinutes(10)).Prefill.Units, 30, 200);
        Assert.InRange(At(22, TimeSpan.FromHours(4)).Prefill.Units, 30, 200);
        Assert.Equal(At(2, default).Prefill.Units * 8 * 1m + (At(2, default).Decode.Units * 8 * 1m), At(2, default).CostPerHour);
    }
}
