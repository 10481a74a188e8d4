using OrleansServe.Policies.Scaling;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Scaling;

public sealed class ScalingOptionsValidatorTests
{
    private static readonly RoleScaling Role = new() { Minimum = 2, Maximum = 20, InitialCapacity = 1 };
    private static readonly ScalingOptions Options = new() { Prefill = Role, Decode = Role };

    [Fact]
    public void FindFaults_ValidOptions_FindsNone() => Assert.Empty(ScalingOptionsValidator.FindFaults(Options with
    {
        TimeZone = "America/New_York",
        Schedule = [Window("day", 8, 20) with { PrefillMinimum = 10 }, Window("night", 20, 8) with { PrefillMaximum = 5 }],
        Prices = [new PriceWindow(new(0, 30), new(8, 30), 1), new PriceWindow(new(8, 30), new(10, 0), 3)],
    }));

    [Fact]
    public void FindFaults_MinimumAboveMaximum_IsNamed() => Assert.Contains(
        "Decode.Minimum must be at most Decode.Maximum 20, is 30",
        ScalingOptionsValidator.FindFaults(Options with { Decode = Role with { Minimum = 30 } }));

    [Theory]
    [InlineData("Mars/Olympus_Mons")]
    [InlineData("")]
    [InlineData("+25:00")]
    [InlineData("+8")]
    public void FindFaults_UnknownTimeZone_IsNamed(string zone) => Assert.Contains(
        $"TimeZone must be an IANA time zone, UTC or an offset as +08:00, is '{zone}'",
        ScalingOptionsValidator.FindFaults(Options with { TimeZone = zone }));

    [Fact]
    public void FindFaults_SchedulesThatContradictEachOther_AreNamedWhereTheyOverlapOnly()
    {
        ScheduleWindow day = Window("day", 8, 20) with { PrefillMinimum = 10 };
        ScheduleWindow evening = Window("evening", 19, 3) with { PrefillMaximum = 5 };

        Assert.Contains(
            "Schedule[0] 'day' and Schedule[1] 'evening' contradict each other where they overlap: Prefill at least 10 and at most 5 units",
            ScalingOptionsValidator.FindFaults(Options with { Schedule = [day, evening] }));
        Assert.Empty(ScalingOptionsValidator.FindFaults(Options with { Schedule = [day, evening with { From = new(20, 0) }] }));
        Assert.Empty(ScalingOptionsValidator.FindFaults(Options with { Schedule = [day with { Days = [DayOfWeek.Monday] }, evening with { Days = [DayOfWeek.Tuesday] }] }));

        // Saturday's evening ends on Sunday.
        Assert.NotEmpty(ScalingOptionsValidator.FindFaults(Options with { Schedule = [Window("early", 1, 2) with { PrefillMinimum = 10, Days = [DayOfWeek.Sunday] }, evening with { Days = [DayOfWeek.Saturday] }] }));
    }

    [Theory]
    [InlineData(0, 30, 8, 30, 8, 0, 9, 0, true)]
    [InlineData(22, 0, 6, 0, 5, 0, 7, 0, true)]
    [InlineData(22, 0, 6, 0, 6, 0, 22, 0, false)]
    [InlineData(0, 0, 0, 0, 12, 0, 13, 0, true)]
    public void FindFaults_Prices_MustNotOverlap(int from, int fromMinute, int to, int toMinute, int otherFrom, int otherFromMinute, int otherTo, int otherToMinute, bool overlap)
    {
        IReadOnlyList<string> faults = ScalingOptionsValidator.FindFaults(Options with
        {
            Prices = [new PriceWindow(new(from, fromMinute), new(to, toMinute), 1), new PriceWindow(new(otherFrom, otherFromMinute), new(otherTo, otherToMinute), 2)],
        });

        Assert.Equal(overlap, faults.Any(fault => fault.EndsWith("overlap", StringComparison.Ordinal)));
    }

    [Fact]
    public void FindFaults_ManyFaults_ListsEachWithLimitAndValue()
    {
        IReadOnlyList<string> faults = ScalingOptionsValidator.FindFaults(Options with
        {
            TimeZone = "nowhere",
            GpuHourPrice = -1,
            Prices = [new PriceWindow(new(1, 0), new(2, 0), -5)],
            Standard = new ClassScaling(double.NaN, TimeSpan.FromSeconds(1)),
            StartUp = TimeSpan.FromDays(1),
            Schedule = [Window("", 1, 2) with { Days = [], PrefillMinimum = 50, DecodeMaximum = 1 }],
        });

        Assert.Equal(9, faults.Count);
        Assert.Contains("GpuHourPrice must be from 0 to 1000000, is -1", faults);
        Assert.Contains("Prices[0].GpuHourPrice must be from 0 to 1000000, is -5", faults);
        Assert.Contains("Standard.Utilization must be from 0.05 to 1, is NaN", faults);
        Assert.Contains("StartUp must be from 00:00:00 to 06:00:00, is 1.00:00:00", faults);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new ScalingPolicy(Options with { TimeZone = "nowhere", GpuHourPrice = -1 }));
        Assert.Contains("; GpuHourPrice", exception.Message, StringComparison.Ordinal);
    }

    private static ScheduleWindow Window(string name, int from, int to) => new() { Name = name, From = new(from, 0), To = new(to, 0) };
}
