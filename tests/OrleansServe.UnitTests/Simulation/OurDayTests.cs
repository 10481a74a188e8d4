using System.Text.Json.Nodes;

using OrleansServe.Simulation.Runs;
using OrleansServe.Simulation.Scenarios;
using Xunit;

namespace OrleansServe.UnitTests.Simulation;

public sealed class OurDayTests
{
    [Fact]
    public void Run_DefaultDay_NeedsFewerNodesThanItsSourceAndHardlyMoreThanTheOptimum()
    {
        SimulationResult result = Run(ScenarioReader.ReadDefault());

        Assert.InRange((double)result.NodeHours / result.OptimumNodeHours, 0.9, 1.015);
        Assert.InRange(result.NodeHours, 5000m, 5400m);
        Assert.InRange(result.FirstTokenAttainment, 0.999, 1);
        Assert.InRange(result.Revenue, 562_026m, 562_028m);
        Assert.Equal(result.NodeHours * 8 * 2, result.Cost);
    }

    [Theory]
    [InlineData("flat", 1.01, 0.999)]
    [InlineData("weekend", 1.01, 0.999)]
    [InlineData("reverse", 1.015, 0.999)]
    [InlineData("spiky", 1.16, 0.999)]
    [InlineData("hourly", 1.025, 0.999)]
    [InlineData("idle hours", 1.04, 0.999)]
    [InlineData("unit of one", 1.015, 0.999)]
    [InlineData("unit of 8 and 36", 1.02, 0.999)]
    [InlineData("start-up of an hour", 1.06, 0.999)]
    [InlineData("no earlier day", 1.02, 0.99)]
    [InlineData("hundredth", 1.01, 0.99)]
    [InlineData("without requests", double.PositiveInfinity, 1)]
    public void Run_OtherDays_StaysNearTheOptimumAndServesInTime(string kind, double mostOverOptimum, double leastInTime)
    {
        SimulationResult result = Run(Day(kind));

        Assert.True((double)result.NodeHours / result.OptimumNodeHours <= mostOverOptimum, $"{result.NodeHours} node-hours, the optimum {result.OptimumNodeHours}");
        Assert.InRange(result.FirstTokenAttainment, leastInTime, 1);
        Assert.Equal(0, result.Refused);
    }

    [Fact]
    public void Run_HoursWithoutTraffic_AreServedByTheMinimum()
    {
        SimulationResult result = Run(Day("idle hours"));

        Assert.All(result.Hours.Skip(13).Take(3), hour => Assert.Equal(22, hour.Nodes));
    }

    [Fact]
    public void Run_FewerNodesThanNeeded_NeverTakesMoreAndComesBackDown()
    {
        SimulationResult result = Run(ScenarioText.Default().With("simulation.cluster_nodes", 200).Read());

        Assert.All(result.Hours, hour => Assert.True(hour.Nodes <= 200));
        Assert.InRange(result.Hours[16].Nodes, 60, 75);
        Assert.True(result.Refused > 0);
    }

    [Fact]
    public void Run_Twice_GivesTheSameDay() => Assert.Equal(Run(ScenarioReader.ReadDefault()).Hours, Run(ScenarioReader.ReadDefault()).Hours);

    [Fact]
    public void Run_Cancelled_Ends()
    {
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(() => Simulator.Run(ScenarioReader.ReadDefault(), FleetPolicy.Ours, null, cancelled.Token));
    }

    private static Scenario Day(string kind)
    {
        JsonObject day = ScenarioText.Default();
        double[] hours = [.. day["hourly_theoretical_revenue_usd"]!.AsArray().Select(hour => (double)hour!)];
        JsonArray Curve(IEnumerable<double> values) => [.. values.Select(value => JsonValue.Create(value))];
        JsonObject With(IEnumerable<double> values) => day.With("hourly_theoretical_revenue_usd", Curve(values));
        return (kind switch
        {
            "flat" => With(Enumerable.Repeat(1.0, 24)),
            "weekend" => With(hours.Select(hour => (0.6 * hour) + 8000)),
            "reverse" => With(hours.Reverse()),
            "spiky" => With([100, 100, 20, 90, 15, 100, 10, 80, 100, 100, 20, 90, 15, 100, 10, 80, 60, 60, 10, 10, 10, 100, 10, 90]),
            "hourly" => day.With("simulation.demand", "hourly"),
            "idle hours" => With(hours.Select((hour, i) => i is >= 12 and < 18 ? 0 : hour)),
            "unit of one" => day.With("printed.prefill_unit_nodes", 1).With("printed.decode_unit_nodes", 1),
            "unit of 8 and 36" => day.With("printed.prefill_unit_nodes", 8).With("printed.decode_unit_nodes", 36),
            "start-up of an hour" => day.With("simulation.start_up_seconds", 3600),
            "no earlier day" => day.With("simulation.earlier_days", 0),
            "hundredth" => day.With("printed.input_tokens", 6_080_000_000).With("printed.input_tokens_cache_hit", 3_420_000_000).With("printed.output_tokens", 1_680_000_000),
            "without requests" => day.With("printed.input_tokens", 0).With("printed.input_tokens_cache_hit", 0).With("printed.output_tokens", 0),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such day."),
        }).Read();
    }

    private static SimulationResult Run(Scenario day) =>
        Simulator.Run(day with { Settings = day.Settings with { MostSimulatedRequests = 200_000 } }, FleetPolicy.Ours, null, default);
}
