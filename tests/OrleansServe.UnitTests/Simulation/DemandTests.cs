using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Runs;
using OrleansServe.Simulation.Scenarios;
using Xunit;

namespace OrleansServe.UnitTests.Simulation;

public sealed class DemandTests
{
    [Theory]
    [InlineData(DemandShape.Interpolated)]
    [InlineData(DemandShape.Hourly)]
    public void Curve_AnyShape_HoldsTheWholeDayWithoutGaps(DemandShape shape)
    {
        DemandCurve curve = new(ScenarioReader.ReadDefault().HourlyDemand, shape);

        Assert.Equal(0, curve.Pieces[0].Begin);
        Assert.Equal(DemandCurve.DaySeconds, curve.Pieces[^1].End);
        Assert.Equal(1, curve.Pieces[^1].ShareAtEnd, 1e-9);
        Assert.All(curve.Pieces.Zip(curve.Pieces.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.Begin));
        Assert.All(curve.Pieces, piece =>
        {
            // A share's time and a time's share undo each other.
            double middle = (piece.ShareAtBegin + piece.ShareAtEnd) / 2;
            double at = piece.TimeOf(middle) - piece.Begin;
            Assert.Equal(middle, piece.ShareAtBegin + (at * (piece.First + piece.RateAt(piece.Begin + at)) / 2), 1e-12);
        });
    }

    [Fact]
    public void Curve_Interpolated_GoesThroughTheHoursMiddlesAndIsTheSameEveryDay()
    {
        IReadOnlyList<double> hours = ScenarioReader.ReadDefault().HourlyDemand;
        DemandCurve curve = new(hours, DemandShape.Interpolated);

        Assert.All(Enumerable.Range(0, 24), hour => Assert.Equal(hours[hour] / hours.Sum() / 3600, curve.RateAt((hour * 3600) + 1800), 1e-12));
        Assert.Equal(curve.RateAt(5000), curve.RateAt(5000 - (2 * DemandCurve.DaySeconds)), 1e-12);
    }

    [Fact]
    public void Draw_Day_HasTheScenariosTotalsToTheToken()
    {
        Scenario day = ScenarioReader.ReadDefault();
        day = day with { Settings = day.Settings with { MostSimulatedRequests = 50_000 } };
        List<Arrival> arrivals = [.. DayArrivals.Draw(day, new DemandCurve(day.HourlyDemand, DemandShape.Interpolated), 0, 1)];

        Assert.Equal(50_000, arrivals.Count);
        Assert.Equal(day.Requests, arrivals.Sum(arrival => arrival.Requests));
        Assert.Equal(day.InputTokens, arrivals.Sum(arrival => arrival.InputTokens));
        Assert.InRange(arrivals.Sum(arrival => arrival.CachedTokens) - day.CachedTokens, -2, 2);
        Assert.Equal(day.OutputTokens, arrivals.Sum(arrival => arrival.OutputTokens));
        Assert.All(arrivals.Zip(arrivals.Skip(1)), pair => Assert.True(pair.First.Ticks <= pair.Second.Ticks));
        Assert.InRange(arrivals[0].Ticks, 0, TimeSpan.TicksPerMinute);
        Assert.InRange(arrivals[^1].Ticks, TimeSpan.TicksPerDay - TimeSpan.TicksPerMinute, TimeSpan.TicksPerDay - 1);
        Assert.All(arrivals, arrival => Assert.InRange(arrival.CachedTokens, 0, arrival.InputTokens));
    }

    [Fact]
    public void Draw_RequestsOneByOne_VaryAsAPoissonProcessDoes()
    {
        Scenario day = ScenarioReader.ReadDefault() with { Requests = 20_000, InputTokens = 80_000_000, CachedTokens = 0, OutputTokens = 20_000_000 };
        List<Arrival> arrivals = [.. DayArrivals.Draw(day, new DemandCurve([.. Enumerable.Repeat(1.0, 24)], DemandShape.Hourly), 0, 1)];
        double[] gaps = [.. arrivals.Zip(arrivals.Skip(1), (a, b) => (double)(b.Ticks - a.Ticks))];
        double mean = gaps.Average();

        Assert.InRange(gaps.Average(gap => gap * gap) / (mean * mean), 1.9, 2.1);
        Assert.All(arrivals, arrival => Assert.Equal(1, arrival.Requests));
    }

    [Theory]
    [InlineData(DemandShape.Hourly, 5213.9, 5214.1)]
    [InlineData(DemandShape.Interpolated, 5233, 5243)]
    public void Optimum_DefaultDay_IsThatOfTheFile(DemandShape shape, double least, double most)
    {
        Scenario day = ScenarioReader.ReadDefault();

        Assert.InRange(Optimum.ByHour(Optimum.NodesByStep(day, new DemandCurve(day.HourlyDemand, shape))).Sum(), least, most);
    }
}
