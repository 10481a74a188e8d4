using OrleansServe.Abstractions.Usage;
using OrleansServe.Grains.Usage;
using OrleansServe.Policies.Pricing;

using Xunit;

namespace OrleansServe.UnitTests.Grains.Ledgers;

public sealed class LedgerTests
{
    private static readonly DateTimeOffset Noon = new(2025, 2, 27, 12, 0, 0, TimeSpan.Zero);
    private static readonly PriceBook Prices = new(new PriceList
    {
        GpuHourPrice = 2,
        GpusPerNode = 8,
        Models = [new ModelPrices { Model = "r1", Usual = new TokenPrices(0.14m, 0.55m, 2.19m), OffPeak = [new OffPeakWindow { From = new TimeOnly(12, 30), To = new TimeOnly(13, 0), Discount = 0.5m }] }],
    });

    [Fact]
    public void Record_SameRequestAgain_CountsOnce()
    {
        LedgerState state = new();
        UsageRecord record = Record(Noon);

        Assert.Equal(new RecordedUsage(1, 0, 0), Ledger.Record(state, "t", [record], Prices, Noon));
        Assert.Equal(new RecordedUsage(1, 2, 0), Ledger.Record(state, "t", [record, record with { EndedAt = Noon.AddMinutes(1) }, Record(Noon)], Prices, Noon.AddHours(1)));

        HourUsage hour = Assert.Single(state.Hours);
        Assert.Equal((2, 20, 40, 60, 10), (hour.Requests, hour.CacheHit, hour.CacheMiss, hour.Output, hour.Reasoning));
    }

    [Fact]
    public void Record_PriceChangesWithinTheHour_EachRequestHasThatOfItsEnd()
    {
        LedgerState state = new();

        Ledger.Record(state, "t", [Record(Noon.AddMinutes(29)), Record(Noon.AddMinutes(31))], Prices, Noon.AddMinutes(40));

        decimal usual = ((10 * 0.14m) + (20 * 0.55m) + (30 * 2.19m)) / 1_000_000;
        Assert.Equal(usual * 1.5m, Assert.Single(state.Hours).Income);
    }

    [Fact]
    public void Record_TooOldOrAheadOrNonsense_IsRefused()
    {
        LedgerState state = new();
        UsageRecord[] records =
        [
            Record(Noon.AddTicks(-1)),
            Record(Noon.AddHours(1).AddMinutes(36)),
            Record(Noon) with { CacheHit = -1 },
            Record(Noon) with { Reasoning = 31 },
            Record(Noon) with { Model = "" },
        ];

        Assert.Equal(new RecordedUsage(0, 0, 5), Ledger.Record(state, "t", [.. records], Prices, Noon.AddMinutes(90)));
        Assert.Empty(state.Hours);
    }

    [Fact]
    public void Record_HoursGoBy_ForgetsIdsAndKeepsCounts()
    {
        LedgerState state = new();
        for (int hour = 0; hour < 100; hour++)
        {
            Ledger.Record(state, "t", [Record(Noon.AddHours(hour))], Prices, Noon.AddHours(hour));
        }

        Assert.Equal(Ledger.RememberedHours, state.Recorded.Count);
        Assert.Equal(100, state.Hours.Sum(hour => hour.Requests));
        Assert.Equal(100, state.Hours.Select(hour => hour.Hour).Distinct().Count());
    }

    [Fact]
    public void Read_NodesOverTheHour_AreSplitExactlyAndGapsLeftOut()
    {
        CostState state = new();
        CostBook.Read(state, 4, Prices, Noon.AddMinutes(59));

        Assert.True(CostBook.Read(state, 4, Prices, Noon.AddMinutes(61)));
        Assert.False(CostBook.Read(state, 4, Prices, Noon.AddMinutes(50)));
        Assert.True(CostBook.Read(state, 9, Prices, Noon.AddMinutes(90)));
        Assert.True(CostBook.Read(state, 1, Prices, Noon.AddMinutes(91)));

        Assert.Equal([TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5)], state.Hours.Select(hour => hour.NodeTime));
        Assert.Equal(Prices.CostOf(TimeSpan.FromMinutes(5)), state.Hours[1].Cost);
    }

    private static UsageRecord Record(DateTimeOffset ended) => new(Guid.NewGuid(), "r1", ended, 10, 20, 30, 5);
}
