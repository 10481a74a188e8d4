using System.Text.Json;

using OrleansServe.Cli.Bench.Balancing;
using OrleansServe.Cli.Client;

using OrleansServe.UnitTests.Model;

using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench.Balancing;

public sealed class BalanceBenchTests
{
    [Theory]
    [InlineData("[[1,2.5],[3,4]]", 2)]
    [InlineData("{\"model\":\"m\",\"loads\":[[1,2.5],[3,4]]}", 2)]
    [InlineData("[1,2.5]", 1)]
    public void ReadLoads_EitherForm_IsRead(string text, int layers)
    {
        using TemporaryFolder folder = new();

        double[][] loads = BalanceFile.ReadLoads(Write(folder, text));

        Assert.Equal(layers, loads.Length);
        Assert.Equal([1, 2.5], loads[0]);
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("[[1,NaN]]", "no JSON")]
    [InlineData("7", "loads must be an array of rows")]
    [InlineData("[]", "loads must be an array of rows")]
    [InlineData("{}", "loads is missing")]
    [InlineData("[[1,2],[3]]", "layer 1 has 1 experts, layer 0 has 2")]
    [InlineData("[[1,2],[]]", "layer 1 must have between 1 and 4096 experts, has 0")]
    [InlineData("[[1,2],7]", "layer 1, must be an array of numbers, is 7")]
    [InlineData("[[1,-2]]", ", is -2")]
    [InlineData("[[1,1e300]]", ", is 1e300")]
    [InlineData("[[1,\"2\"]]", "layer 0, expert 1 must be a number, is \"2\"")]
    [InlineData("[[1,null]]", "layer 0, expert 1 must be a number, is null")]
    public void ReadLoads_SomethingElse_SaysWhatAndWhere(string text, string message)
    {
        using TemporaryFolder folder = new();
        string path = Write(folder, text);

        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => BalanceFile.ReadLoads(path));

        Assert.StartsWith(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[[0,-1]]", "slot 1 must be an expert's number, is -1")]
    [InlineData("[[0,1.5]]", "slot 1 must be an expert's number, is 1.5")]
    [InlineData("{\"loads\":[[1]]}", "plan is missing")]
    public void ReadPlan_SomethingElse_SaysWhatAndWhere(string text, string message)
    {
        using TemporaryFolder folder = new();

        CommandFailedException fault = Assert.Throws<CommandFailedException>(() => BalanceFile.ReadPlan(Write(folder, text)));

        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_GivenLoads_WritesAPlanThatTheNextRunFollows()
    {
        using TemporaryFolder folder = new();
        string loads = Write(folder, "{\"loads\":[[90,10,10,10],[1,2,3,4],[0,0,0,0]]}");
        (int code, string plan, string error) = await CommandLineTests.RunAsync("", "bench", "balance", "--loads", loads, "--devices", "3", "--redundant", "2", "--json");
        Assert.Equal((0, ""), (code, error));
        string previous = folder.File("plan.json");
        File.WriteAllText(previous, plan);

        (code, string next, error) = await CommandLineTests.RunAsync("", "bench", "balance", "--loads", loads, "--devices", "3", "--redundant", "2", "--previous", previous, "--json");

        Assert.Equal((0, ""), (code, error));
        JsonElement first = JsonDocument.Parse(plan).RootElement;
        JsonElement second = JsonDocument.Parse(next).RootElement;
        Assert.Equal(3, first.GetProperty("layers").GetArrayLength());
        Assert.Equal(40.0 / 40, first.GetProperty("layers")[0].GetProperty("balancedness").GetDouble(), 1e-9);
        Assert.False(first.TryGetProperty("moved_share", out _));
        Assert.Equal(0, second.GetProperty("moved_share").GetDouble());
        Assert.Equal(first.GetProperty("plan").GetRawText(), second.GetProperty("plan").GetRawText());
    }

    [Theory]
    [InlineData("devices: must divide the 6 slots", "--devices", "4", "--redundant", "2")]
    [InlineData("more than one replica of each", "--devices", "2", "--redundant", "8")]
    [InlineData("groups: must be divisible by the 4 nodes", "--devices", "4", "--redundant", "4", "--nodes", "4", "--groups", "2")]
    public async Task Run_ImpossibleShape_SaysSo(string message, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        string loads = Write(folder, "[[90,10,10,10]]");

        (int code, string output, string error) = await CommandLineTests.RunAsync("", ["bench", "balance", "--loads", loads, .. arguments]);

        Assert.NotEqual(0, code);
        Assert.Equal("", output);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_SameSeed_IsSameAndDriftStaysWithinItsBounds()
    {
        foreach (LoadDistribution distribution in LoadDistribution.All)
        {
            double[][] loads = distribution.Draw(3, 2, 64);
            Assert.Equal(loads, distribution.Draw(3, 2, 64));
            Assert.NotEqual(loads[0], loads[1]);

            double[][] drifted = LoadDistribution.Drift(loads, 3);

            Assert.All(loads[0].Zip(drifted[0]), pair => Assert.InRange(pair.Second, (0.9 * pair.First) - 1, (1.1 * pair.First) + 1));
        }
    }

    private static string Write(TemporaryFolder folder, string text)
    {
        string path = folder.File("loads.json");
        File.WriteAllText(path, text);
        return path;
    }
}
