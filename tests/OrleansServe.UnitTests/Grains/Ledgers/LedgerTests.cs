using System.Collections.Immutable;

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

    private static readonly Guid Gateway = new(1, 0, 0, new byte[8]);

    [Fact]
    public void Record_ToldAgain_CountsOnce()
    {
        LedgerState state = new();
        UsageRecord[] records = [Record(Noon), Record(Noon), Record(Noon.AddMinutes(1))];

        Assert.Equal(new RecordedUsage(2, 0, 0), Tell(state, Noon, records[..2]));
        Assert.Equal(new RecordedUsage(1, 2, 0), Tell(state, Noon.AddHours(1), records));
        Assert.Equal(new RecordedUsage(0, 3, 0), Tell(state, Noon.AddHours(1), records));

        HourUsage hour = Assert.Single(state.Hours);
        Assert.Equal((3, 30, 60, 90, 15), (hour.Requests, hour.CacheHit, hour.CacheMiss, hour.Output, hour.Reasoning));
    }

    [Fact]
    public void Record_SameNumbersOfAnotherGateway_AreOthers()
    {
        LedgerState state = new();
        Tell(state, Noon, Record(Noon));

        Assert.Equal(new RecordedUsage(1, 0, 0), Ledger.Record(state, "t", Guid.Empty, Numbered(Record(Noon)), Prices, Noon));

        Assert.Equal(2, Assert.Single(state.Hours).Requests);
    }

    // What is stored after each message must not grow with the requests.
    [Fact]
    public void Record_ManyRequests_StoresNoMoreThanOfOne()
    {
        LedgerState state = new();

        Tell(state, Noon, [.. Enumerable.Range(0, 10_000).Select(_ => Record(Noon))]);

        Assert.Equal((1, 1), (state.Hours.Count, state.Reporters.Count));
    }

    [Fact]
    public void Record_PriceChangesWithinTheHour_EachRequestHasThatOfItsEnd()
    {
        LedgerState state = new();

        Tell(state, Noon.AddMinutes(40), Record(Noon.AddMinutes(29)), Record(Noon.AddMinutes(31)));

        decimal usual = ((10 * 0.14m) + (20 * 0.55m) + (30 * 2.19m)) / 1_000_000;
        Assert.Equal(usual * 1.5m, Assert.Single(state.Hours).Income);
    }

    [Fact]
    public void Record_TooOldOrAheadOrNonsense_IsRefused()
    {
        LedgerState state = new();
        UsageRecord[] records =
        [
            Record(Noon.AddHours(-Ledger.MostHoursLate).AddTicks(-1)),
            Record(Noon.AddMinutes(6)),
            Record(Noon) with { CacheHit = -1 },
            Record(Noon) with { Reasoning = 31 },
            Record(Noon) with { Model = "" },
        ];

        Assert.Equal(new RecordedUsage(0, 0, 5), Tell(state, Noon, records));
        Assert.Empty(state.Hours);
    }

    [Fact]
    public void Record_GatewaysComeAndGo_ForgetsThemAndKeepsCounts()
    {
        LedgerState state = new();
        for (int hour = 0; hour < 1000; hour++)
        {
            Ledger.Record(state, "t", new Guid(hour, 0, 0, new byte[8]), Numbered(Record(Noon.AddHours(hour))), Prices, Noon.AddHours(hour));
        }

        Assert.InRange(state.Reporters.Count, Ledger.MostHoursLate, (2 * Ledger.MostHoursLate) + 1);
        Assert.Equal(1000, state.Hours.Sum(hour => hour.Requests));
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

    private static RecordedUsage Tell(LedgerState state, DateTimeOffset now, params UsageRecord[] records) =>
        Ledger.Record(state, "t", Gateway, Numbered(records), Prices, now);

    private static ImmutableArray<NumberedUsage> Numbered(params UsageRecord[] records) => [.. records.Select((record, i) => new NumberedUsage(i + 1, record))];

    private static UsageRecord Record(DateTimeOffset ended) => new(Guid.NewGuid(), "r1", ended, 10, 20, 30, 5);
}
