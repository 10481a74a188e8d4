using System.Text.Json.Nodes;

using OrleansServe.Simulation.Runs;
using OrleansServe.Simulation.Scenarios;
using Xunit;

namespace OrleansServe.UnitTests.Simulation;

public sealed class PrintedDayTests
{
    [Fact]
    public void Run_DefaultDayOnThePrintedNodes_ReproducesThePrintedFigures()
    {
        SimulationResult result = Run(ScenarioReader.ReadDefault());

        Assert.Equal(5442m, result.NodeHours);
        Assert.Equal(226.75m, result.AverageNodes);
        Assert.Equal(87_072m, result.Cost);
        Assert.InRange(result.Revenue, 562_027m * 0.999m, 562_027m * 1.001m);
        Assert.Equal(5.45m, Math.Round(result.Margin!.Value, 2));
        Assert.Equal(0, result.Refused);
    }

    [Fact]
    public void Run_Twice_GivesTheSameDay()
    {
        SimulationResult first = Run(ScenarioReader.ReadDefault());
        SimulationResult second = Run(ScenarioReader.ReadDefault());

        Assert.Equal(first.Hours, second.Hours);
        Assert.Equal(first.FirstTokenP99, second.FirstTokenP99);
    }

    [Fact]
    public void Run_CheaperNight_CostsWhatItsNodesDoAtThatPrice()
    {
        Scenario day = ScenarioText.Default().With("simulation.gpu_hour_prices", new JsonArray(new JsonObject { ["from"] = "00:00", ["to"] = "06:30", ["usd"] = 0.5m })).Read();
        decimal night = (1.25m * 218) + (0.75m * 188) + (0.75m * 158) + (0.25m * 128) + (0.5m * 98) + (3 * 68);

        Assert.Equal(((5442m - night) * 16) + (night * 4), Run(day).Cost);
    }

    [Fact]
    public void Run_WithoutANodeCurve_IsRefused() =>
        Assert.Throws<ScenarioException>(() => Run(ScenarioText.Default().Without("node_count_steps").Read()));

    [Fact]
    public void Run_HalfTheNodes_RefusesRequestsAndEarnsLess()
    {
        Scenario day = ScenarioReader.ReadDefault();
        day = day with { PrintedNodes = [.. day.PrintedNodes.Select(step => step with { Nodes = step.Nodes / 2 })] };
        SimulationResult result = Run(day);

        Assert.True(result.Refused > result.Requests / 4);
        Assert.InRange(result.Revenue, 250_000m, 350_000m);
        Assert.InRange(result.FirstTokenAttainment, 0, 0.2);
    }

    private static SimulationResult Run(Scenario day) =>
        Simulator.Run(day with { Settings = day.Settings with { MostSimulatedRequests = 200_000 } }, FleetPolicy.Printed, null, default);
}
