using System.Text.Json;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.TestKit.Processes;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.CommandLine;

/// <summary>The view of experts: eight in each of three layers and the MTP layer, on two shards.</summary>
[Collection(ServerCollection.Name)]
public sealed class ExpertsCommandTests(ServerFixture server)
{
    private string Url => server.GrpcAddress.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task Experts_AfterAnAnswer_ShowsPlanAndHeat()
    {
        await Answer.ReadAsync(server.Client.Chat(Questions.Ask(Questions.Sum)));
        ProcessResult result = await CommandLineProcess.RunAsync(["experts", "--url", Url]);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("epoch ", result.Output, StringComparison.Ordinal);
        Assert.Contains(", 2 shards", result.Output, StringComparison.Ordinal);
        Assert.Contains("silo-0/expert-1", result.Output, StringComparison.Ordinal);
        Assert.Equal(4 * 2, result.Output.Split("4 experts ").Length - 1);
    }

    [Fact]
    public async Task Experts_OneLayer_ShowsEachExpert()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["experts", "--url", Url, "--layer", "2"]);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(8, result.Output.Split("silo-0/expert-").Length - 1 - 2);
        Assert.Contains("(1)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Experts_Json_CarriesTheWholePlan()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["experts", "--url", Url, "--json"]);
        Assert.True(result.ExitCode == 0, result.ToString());
        JsonElement plan = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal([1, 2, 3, 4], plan.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("layer").GetInt32()));
        Assert.All(plan.GetProperty("layers").EnumerateArray(), layer => Assert.Equal(
            Enumerable.Range(0, 8),
            layer.GetProperty("shards").EnumerateArray().SelectMany(shard => shard.GetProperty("experts").EnumerateArray().Select(expert => expert.GetInt32())).Order()));
    }

    [Fact]
    public async Task Experts_LayerWithoutExperts_EndsWithOneLine()
    {
        ProcessResult result = await CommandLineProcess.RunAsync(["experts", "--url", Url, "--layer", "0"]);
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("--layer must be one of the layers with experts (1, 2, 3, 4), not 0", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }
}
