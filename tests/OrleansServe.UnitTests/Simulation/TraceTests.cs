using OrleansServe.Cli.Simulate;
using OrleansServe.Simulation.Runs;
using OrleansServe.Simulation.Scenarios;
using OrleansServe.UnitTests.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Simulation;

public sealed class TraceTests
{
    [Fact]
    public void Run_ConversationTrace_FindsPrefixesInTheUnitsCachesAndServesAll()
    {
        Scenario day = ScenarioFile.Read(Path.Combine(Repository.Root, "bench", "scenarios", "conversation-hour.json"));
        SimulationResult result = Simulator.Run(day, FleetPolicy.Ours, null, default);
        HourFigures busy = result.Hours[0];

        Assert.Equal((12_031, 0), (result.Requests, result.Refused));
        Assert.Equal(144_793_823, busy.InputTokens);
        Assert.Equal(1, result.RequestsPerSimulated);

        // Nothing that was never evicted would find more than 37.4%, and a router that does not look at prefixes 12.9%.
        Assert.InRange((double)busy.CachedTokens / busy.InputTokens, 0.3, 0.374);
        Assert.All(result.Hours.Skip(2).Take(20), hour => Assert.Equal(2, hour.Nodes));
    }

    [Fact]
    public void WithTrace_EmptyOrLongerThanADay_IsRefused()
    {
        Scenario day = ScenarioReader.ReadDefault();

        Assert.Throws<ScenarioException>(() => day.WithTrace([]));
        Assert.Throws<ScenarioException>(() => day.WithTrace([new TraceRequest(86_400_000, 1, 1, [1])]));
    }

    [Fact]
    public void Run_PromptsThatFitNoUnit_AreRefused()
    {
        Scenario day = ScenarioReader.ReadDefault();
        day = (day with { Settings = day.Settings with { TraceKvBlocks = 2 } }).WithTrace([new TraceRequest(0, 1024, 10, [1, 2]), new TraceRequest(1, 2048, 10, [1, 2, 3, 4])]);

        Assert.Equal(1, Simulator.Run(day, FleetPolicy.Ours, null, default).Refused);
    }
}
