using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

using OrleansServe.Cli.Commands;
using OrleansServe.Cli.Rendering;
using OrleansServe.UnitTests.Model;
using OrleansServe.UnitTests.Simulation;
using Xunit;

namespace OrleansServe.UnitTests.Cli;

public sealed class SimulateCommandTests
{
    [Fact]
    public async Task Simulate_Json_IsOneDocumentWithTheFigures()
    {
        using TemporaryFolder folder = new();
        (int code, string output, string errors) = await RunAsync("simulate", "--json", "--policy", "printed", "--scenario", Write(folder, Quick()));

        Assert.Equal(0, code);
        Assert.Empty(errors);
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement day = document.RootElement;
        Assert.Equal(226.75m, day.GetProperty("average_nodes").GetDecimal());
        Assert.Equal(5442m, day.GetProperty("node_hours").GetDecimal());
        Assert.InRange(day.GetProperty("oracle_node_hours").GetDouble(), 5233, 5243);
        Assert.Equal(87_072m, day.GetProperty("cost_usd").GetDecimal());
        Assert.Equal(562_027m, Math.Round(day.GetProperty("revenue_usd").GetDecimal()));
        Assert.Equal(5.45m, Math.Round(day.GetProperty("margin").GetDecimal(), 2));
        Assert.InRange(day.GetProperty("ttft_attainment").GetDouble(), 0.9, 1);
        Assert.True(day.GetProperty("wall_seconds").GetDouble() > 0);
        Assert.Equal(24, day.GetProperty("hours").GetArrayLength());
    }

    [Fact]
    public async Task Simulate_TextAndPicture_ShowEveryHour()
    {
        using TemporaryFolder folder = new();
        string picture = folder.File("day.svg");
        (int code, string output, _) = await RunAsync("simulate", "--svg", picture, "--scenario", Write(folder, Quick().With("title", "a <day> & a night")));

        Assert.Equal(0, code);
        Assert.Contains("our scaling policy", output, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 24), hour => Assert.Contains($"\n{hour:00}:00  ", output, StringComparison.Ordinal));
        XElement svg = XDocument.Load(picture).Root!;
        Assert.Contains(svg.Elements(), element => element.Value == "a <day> & a night");
        Assert.True(svg.Elements().Count(element => element.Name.LocalName == "rect") >= 48);
    }

    [Fact]
    public async Task Simulate_FaultyScenario_NamesFileAndEveryFault()
    {
        using TemporaryFolder folder = new();
        string path = Write(folder, Quick().With("printed.gpus_per_node", 0).With("printed.gpu_hour_usd", -1));
        (int code, string output, string errors) = await RunAsync("simulate", "--json", "--scenario", path);

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Equal($"error: {path}: printed.gpus_per_node must be a whole number from 1 to 1024, is 0; printed.gpu_hour_usd must be an amount from 0 to 1000000, is -1", errors.Trim());
    }

    [Theory]
    [InlineData("simulate", "--scenario", "/no/such/file")]
    [InlineData("simulate", "--policy", "theirs")]
    public async Task Simulate_WrongArguments_FailsWithOneMessage(params string[] arguments)
    {
        (int code, _, string errors) = await RunAsync(arguments);

        Assert.Equal(1, code);
        Assert.NotEmpty(errors);
    }

    private static JsonObject Quick() => ScenarioText.Default().With("simulation.simulated_requests", 100_000);

    private static string Write(TemporaryFolder folder, JsonObject scenario)
    {
        string path = folder.File("scenario.json");
        File.WriteAllText(path, scenario.ToJsonString());
        return path;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int code = await CommandLine.RunAsync(arguments, new Terminal(output, errors, TextReader.Null), TimeProvider.System);
        return (code, output.ToString(), errors.ToString());
    }
}
