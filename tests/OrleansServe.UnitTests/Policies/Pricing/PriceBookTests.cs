using OrleansServe.Policies.Pricing;

using Xunit;

namespace OrleansServe.UnitTests.Policies.Pricing;

public sealed class PriceBookTests
{
    private static readonly TokenPrices Printed = new(0.14m, 0.55m, 2.19m);

    [Fact]
    public void Of_PublishedDay_IsThePublishedTokensIncomeExactly()
    {
        TokenCounts day = new(342_000_000_000, 266_000_000_000, 168_000_000_000, 0);

        Assert.Equal(562_100m, Printed.Of(day));
    }

    [Fact]
    public void Of_ManySmallRequests_AddUpToTheirSum()
    {
        TokenCounts one = new(3, 7, 11, 2);
        decimal sum = 0;
        for (int i = 0; i < 100_000; i++)
        {
            sum += Printed.Less(0.75m).Of(one);
        }

        Assert.Equal(Printed.Less(0.75m).Of(new TokenCounts(300_000, 700_000, 1_100_000, 200_000)), sum);
    }

    [Theory]
    [InlineData("2025-02-26T16:29:59Z", 2.19)]
    [InlineData("2025-02-26T16:30:00Z", 0.5475)]
    [InlineData("2025-02-27T00:29:59Z", 0.5475)]
    [InlineData("2025-02-27T00:30:00Z", 2.19)]
    public void At_WindowOverMidnight_HasItsDiscountToTheSecond(string time, decimal output)
    {
        PriceBook book = new(List("UTC", Window("16:30", "00:30", 0.75m)));

        Assert.Equal(output, book.At("r1", DateTimeOffset.Parse(time)).Output);
    }

    [Theory]
    [InlineData("2025-03-29T01:30:00Z", 1.095)]
    [InlineData("2025-03-31T00:30:00Z", 1.095)]
    [InlineData("2025-03-31T01:30:00Z", 2.19)]
    public void At_DaylightSaving_MovesTheWindowWithTheClockOnTheWall(string time, decimal output)
    {
        // 02:00 to 03:00 in Berlin: 01:00 to 02:00 UTC in winter, 00:00 to 01:00 in summer.
        PriceBook book = new(List("Europe/Berlin", Window("02:00", "03:00", 0.5m)));

        Assert.Equal(output, book.At("r1", DateTimeOffset.Parse(time)).Output);
    }

    [Fact]
    public void At_OwnEntryAndAnyModel_TheOwnOneHolds()
    {
        PriceBook book = new(new PriceList
        {
            Models = [new ModelPrices { Model = PriceList.AnyModel, Usual = Printed }, new ModelPrices { Model = "free", Usual = default }],
        });

        Assert.Equal(Printed, book.At("r1", DateTimeOffset.UnixEpoch));
        Assert.Equal(default, book.At("free", DateTimeOffset.UnixEpoch));
        Assert.Equal(default, new PriceBook(new PriceList()).At("r1", DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void CostOf_PublishedDay_IsThePublishedCost()
    {
        PriceBook book = new(new PriceList { GpuHourPrice = 2, GpusPerNode = 8 });

        Assert.Equal(87_072m, book.CostOf(TimeSpan.FromHours(5442)));
        Assert.Equal(5.4547m, decimal.Round(Margin.Of(562_027m, 87_072m)!.Value, 4));
        Assert.Null(Margin.Of(1, 0));
    }

    [Fact]
    public void Faults_EverythingWrong_ListsAllOfIt()
    {
        PriceList list = new()
        {
            TimeZone = "Mars/Olympus",
            GpuHourPrice = -1,
            GpusPerNode = 0,
            Models =
            [
                new ModelPrices { Model = "a", Usual = new TokenPrices(-0.1m, 1, 2_000_000), OffPeak = [Window("16:30", "00:30", 1.5m), Window("00:00", "01:00", 0)] },
                new ModelPrices { Model = "a", Usual = default },
                new ModelPrices { Model = "", Usual = default, OffPeak = [Window("01:00", "02:00", 0) with { Days = [] }] },
            ],
        };

        IReadOnlyList<string> faults = PriceListValidator.Faults(list);

        Assert.Equal(10, faults.Count);
        foreach (string part in (string[])["TimeZone", "GpuHourPrice", "GpusPerNode", "CacheHit", "Output", "Discount", "overlap", "an entry already", "characters", "Days"])
        {
            Assert.Single(faults, fault => fault.Contains(part, StringComparison.Ordinal));
        }

        ArgumentException refused = Assert.Throws<ArgumentException>(() => new PriceBook(list));
        Assert.All(faults, fault => Assert.Contains(fault, refused.Message, StringComparison.Ordinal));
    }

    private static PriceList List(string zone, OffPeakWindow window) =>
        new() { TimeZone = zone, Models = [new ModelPrices { Model = "r1", Usual = Printed, OffPeak = [window] }] };

    private static OffPeakWindow Window(string from, string to, decimal discount) => new() { From = TimeOnly.Parse(from), To = TimeOnly.Parse(to), Discount = discount };
}
