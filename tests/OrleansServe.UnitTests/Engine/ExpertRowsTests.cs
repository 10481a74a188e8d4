using System.Text.Json;
using OrleansServe.Cli.Inspect;
using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Model.Checkpoints;
using OrleansServe.UnitTests.Engine.Overlap;
using OrleansServe.UnitTests.Kernels;
using Xunit;

namespace OrleansServe.UnitTests.Engine;

/// <summary>Rows that go to experts in eight bits: another model, with the same promise.</summary>
public sealed class ExpertRowsTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 40).Select(i => 20 + (i * 7 % 200))];

    [Theory]
    [InlineData("v3-tiny")]
    [InlineData("v2lite-tiny")]
    public void Step_Float8Rows_HasOneResultWhereverExpertsAreAndNotThatOfExactRows(string model)
    {
        var (checkpoint, weights) = TestModel.Load(Path.Combine(Repository.Golden, model));
        var tokens = Array.ConvertAll(Prompt, token => token % weights.Config.VocabSize);
        using var even = ExpertBank.Load(checkpoint, Experts(id => id % 2 == 0));
        using var odd = ExpertBank.Load(checkpoint, Experts(id => id % 2 == 1));
        using var local = Build(ExpertRowFormat.Float8);
        using var sharded = Build(ExpertRowFormat.Float8, new ShardedDispatcher(odd, even));
        using var divided = Build(ExpertRowFormat.Float8, new FarDispatcher(weights.Experts!, 'A'), new FarDispatcher(weights.Experts!, 'B'));
        using var exact = Build(ExpertRowFormat.Exact);

        var expected = Logits(local, 1);

        KernelCases.AssertSameBits(expected, Logits(local, tokens.Length));
        KernelCases.AssertSameBits(expected, Logits(sharded, 9));
        KernelCases.AssertSameBits(expected, Logits(divided, 13));
        var other = Logits(exact, 1);
        Assert.NotEqual(expected, other);
        Assert.InRange(expected.Zip(other, (a, b) => Math.Abs(a - b)).Max(), 1e-7, 0.25 * (other.Max() - other.Min()));

        CpuEngine Build(ExpertRowFormat format, IExpertDispatcher? experts = null, IExpertDispatcher? second = null) => new(
            weights, new EngineOptions { KvBlocks = 4, MaxBatchTokens = 64, Threads = 2, SmallestSharedStep = 0, OverlapRows = 2, ExpertRows = format }, experts, second);

        float[] Logits(CpuEngine engine, int chunk)
        {
            var sequence = TestSequence.At(0, tokens);
            StepPlan plan = new();
            StepResult result = new();
            List<float> logits = [];
            while (sequence.Pending > 0)
            {
                var count = Math.Min(chunk, sequence.Pending);
                plan.Clear();
                plan.Add(sequence.Next(count, count));
                engine.Step(plan, result);
                logits.AddRange(Enumerable.Range(0, count).SelectMany(row => result.Logits(0, row).ToArray()));
                sequence.Cached += count;
            }

            return [.. logits];
        }

        Dictionary<int, IReadOnlyList<int>> Experts(Func<int, bool> mine) =>
            Enumerable.Range(0, weights.Config.NumHiddenLayers)
                .Where(weights.Config.IsMoeLayer)
                .ToDictionary(l => l, _ => (IReadOnlyList<int>)[.. Enumerable.Range(0, weights.Config.NRoutedExperts!.Value).Where(mine)]);
    }

    [Fact]
    public void Measure_RealPrompts_AgreesOnNearlyEveryToken()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.TinyR1, "eval.json")));
        var prompts = json.RootElement.GetProperty("problems").EnumerateArray().Take(12)
            .Select(p => p.GetProperty("prompt_ids").EnumerateArray().Select(v => v.GetInt32()).ToArray()).ToArray();

        var comparison = WeightComparison.Measure(TestModel.Load(Repository.TinyR1).Checkpoint, WeightFormat.Native, ExpertRowFormat.Float8, prompts, CancellationToken.None);

        Assert.InRange(comparison.Agreement, 0.95, 1);
        Assert.InRange(comparison.MeanError, 1e-6, 0.1 * comparison.Spread);
    }

    [Fact]
    public void As_Float8Rows_IsAnotherModel()
    {
        var content = WeightsFingerprint.Parse(new string('a', 64));

        string[] all =
        [
            content.As(WeightFormat.Native).Hex,
            content.As(WeightFormat.Int8).Hex,
            content.As(WeightFormat.Native, ExpertRowFormat.Float8).Hex,
            content.As(WeightFormat.Int8, ExpertRowFormat.Float8).Hex,
        ];

        Assert.Equal(content.Hex, all[0]);
        Assert.Equal(4, all.Distinct().Count());
    }
}
