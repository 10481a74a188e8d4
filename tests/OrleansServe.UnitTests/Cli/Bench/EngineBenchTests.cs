using System.Text.Json;

using OrleansServe.Cli.Bench;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Synthesis;
using OrleansServe.UnitTests.Engine;
using OrleansServe.UnitTests.Model;

using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench;

public sealed class EngineBenchTests
{
    [Fact]
    public void Decode_Nano_CountsTokensAndExperts()
    {
        using TemporaryFolder folder = new();
        new SyntheticCheckpoint(SyntheticPreset.Nano, 1).Write(folder.FullPath, Repository.TinyR1);
        using Checkpoint checkpoint = Checkpoint.Open(folder.FullPath);
        using ModelWeights weights = ModelWeights.Load(checkpoint);
        using MachineProbe probe = new(1, TimeProvider.System);
        using EngineBench bench = new(weights, CostModel.Of(checkpoint), probe, BenchSizes.Default.Within(2048), threads: 1, memoryBytes: 64 << 20, TimeProvider.System);

        bench.WarmUp(CancellationToken.None);
        BenchPoint one = bench.Decode(1, 128, CancellationToken.None);
        BenchPoint many = bench.Decode(64, 2048, CancellationToken.None);
        BenchPoint prompt = bench.Prefill(128, CancellationToken.None);

        // Two layers: two experts each for one token, all eight for many.
        Assert.Equal(4, one.Experts);
        Assert.Equal(16, prompt.Experts);
        Assert.InRange(many.Experts, 14, 16);
        Assert.Equal([1, 64, 128], new[] { one, many, prompt }.Select(point => point.TokensPerStep));
        Assert.All([one, many, prompt], point => Assert.True(point.Seconds > 0 && point.Steps >= 3));
        Assert.True(many.Cost.MultiplyAdds > 64 * one.Cost.MultiplyAdds);
    }

    [Fact]
    public void Json_Always_IsOneDocumentWithEveryPoint()
    {
        BenchPoint point = new(4, 128, 4, 3, 0.5, 0.25, 20, new StepCost(Bytes: 1e9, MultiplyAdds: 1e6), new MachineLimits(4e9, 1e9));
        EngineBenchReport report = new("m", "bf16", 2, new MachineLimits(4e9, 1e9), [point], [point], [new SpeculationPoint(0, 100, 100, 0, 0, 1), new SpeculationPoint(1, 100, 60, 59, 40, 0.5)]);

        using JsonDocument json = JsonDocument.Parse(report.Json(BenchMachine.Read(), DateTimeOffset.UnixEpoch));

        JsonElement decode = json.RootElement.GetProperty("decode")[0];
        Assert.Equal(("engine", "1970-01-01T00:00:00Z"), (json.RootElement.GetProperty("benchmark").GetString(), json.RootElement.GetProperty("date").GetString()));
        Assert.Equal(Environment.ProcessorCount, json.RootElement.GetProperty("machine").GetProperty("processors").GetInt32());
        Assert.Equal(2, json.RootElement.GetProperty("threads").GetInt32());
        Assert.Equal(8, decode.GetProperty("tokens_per_second").GetDouble());
        Assert.Equal(0.5, decode.GetProperty("share_of_limit").GetDouble());
        Assert.Equal("memory", decode.GetProperty("bound_by").GetString());
        Assert.Equal(128, decode.GetProperty("context_tokens").GetInt32());
        Assert.Equal(128, json.RootElement.GetProperty("prefill")[0].GetProperty("prompt_tokens").GetInt32());
        JsonElement drafting = json.RootElement.GetProperty("speculation")[1];
        Assert.Equal(2, drafting.GetProperty("speed_up").GetDouble());
        Assert.Equal(40d / 59, drafting.GetProperty("acceptance").GetDouble());
    }

    [Theory]
    [InlineData("16,1,1", new[] { 1, 16 })]
    [InlineData("none", new int[0])]
    public void Parse_List_IsAscendingWithoutDoubles(string text, int[] expected) => Assert.Equal(expected, BenchSizes.Parse(text, 64));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("1,,2")]
    [InlineData("+1")]
    [InlineData("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17")]
    public void Parse_NoListInRange_Throws(string text) => Assert.Throws<FormatException>(() => BenchSizes.Parse(text, 64));

    [Fact]
    public void Measure_ThisMachine_FindsFiniteLimits()
    {
        using MachineProbe probe = new(1, TimeProvider.System);
        MachineLimits machine = probe.Measure(CancellationToken.None);

        // Bounds that any processor made for this code keeps by far; they catch loops that were optimised away.
        Assert.InRange(machine.BytesPerSecond, 1e7, 1e13);
        Assert.InRange(machine.MultiplyAddsPerSecond, 1e7, 1e13);
    }
}
