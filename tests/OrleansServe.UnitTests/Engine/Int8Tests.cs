using System.Text;
using System.Text.Json;
using OrleansServe.Cli.Inspect;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.UnitTests.Kernels;
using Xunit;

namespace OrleansServe.UnitTests.Engine;

/// <summary>The same promises for quantised weights, which are another model: the same bits in any company, and near the checkpoint's.</summary>
public sealed class Int8Tests : IDisposable
{
    private readonly Checkpoint _checkpoint = TestModel.Load(Repository.TinyR1).Checkpoint;
    private readonly ModelWeights _weights;

    public Int8Tests() => _weights = ModelWeights.Load(_checkpoint, new WeightsOptions { Format = WeightFormat.Int8 });

    public void Dispose() => _weights.Dispose();

    [Theory]
    [InlineData(1, 40)]
    [InlineData(2, 7)]
    [InlineData(4, 1)]
    public void Step_AnyChunksAndThreads_GiveTheBitsOfOneStep(int threads, int chunk)
    {
        var random = new Random(5);
        int[] tokens = [.. Enumerable.Range(0, 130).Select(_ => random.Next(256))];
        using var whole = new EngineDriver(_weights);
        var expected = Logits(whole, tokens, tokens.Length);
        using var cut = new EngineDriver(_weights, threads);
        KernelCases.AssertSameBits(expected, Logits(cut, tokens, chunk));

        using var native = new EngineDriver(TestModel.TinyR1);
        Assert.NotEqual(expected, Logits(native, tokens, tokens.Length));
    }

    [Fact]
    public void Load_Int8_TakesAboutAByteForAWeight()
    {
        using var native = ModelWeights.Load(_checkpoint);
        Assert.InRange(_weights.Experts!.OwnBytes, 1, (native.Experts!.OwnBytes * 3 / 4) - 1);
        using var bank = ExpertBank.Load(_checkpoint, format: WeightFormat.Int8);
        Assert.Equal(native.Experts.Count, bank.Count);
    }

    [Fact]
    public void Measure_RealPrompts_AgreesOnNearlyEveryToken()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.TinyR1, "eval.json")));
        var prompts = json.RootElement.GetProperty("problems").EnumerateArray().Take(12)
            .Select(p => p.GetProperty("prompt_ids").EnumerateArray().Select(v => v.GetInt32()).ToArray()).ToArray();

        var comparison = WeightComparison.Measure(_checkpoint, WeightFormat.Int8, ExpertRowFormat.Exact, prompts, CancellationToken.None);

        Assert.True(comparison.Positions > 12 * 20);
        Assert.InRange(comparison.Agreement, 0.97, 1);
        Assert.InRange(comparison.MeanError, 1e-6, 0.05 * comparison.Spread);
        Assert.InRange(comparison.MaxError, comparison.MeanError, 2 * comparison.Spread);
    }

    [Fact]
    public void Greedy_HeldOutProblems_AreSolvedAsByTheCheckpointsNumbers()
    {
        const int Group = 50, Room = 10;
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.TinyR1, "eval.json")));
        var problems = json.RootElement.GetProperty("problems").EnumerateArray().ToArray();
        var end = _checkpoint.Config.EosTokenIds[0];
        using var driver = new EngineDriver(_weights, threads: 2, kvBlocks: Room * Group, maxTokens: 8192);
        int same = 0, right = 0;
        foreach (var group in problems.Chunk(Group))
        {
            var prompts = Array.ConvertAll(group, p => Ints(p, "prompt_ids"));
            var sequences = prompts.Select((p, i) => TestSequence.At(Room * i, p, room: (Room * 64) - 64 - p.Length)).ToArray();
            while (sequences.Where(s => s.Tokens[^1] != end && s.Tokens.Count < (Room * 64) - 64).ToArray() is { Length: > 0 } running)
            {
                driver.Run([.. running.Select(s => s.Next(s.Pending))]);
                for (var i = 0; i < running.Length; i++)
                {
                    running[i].Cached = running[i].Tokens.Count;
                    running[i].Tokens.Add(driver.Result[i].Token);
                }
            }

            for (var i = 0; i < group.Length; i++)
            {
                int[] answer = [.. sequences[i].Tokens.Skip(prompts[i].Length)];
                same += Ints(group[i], "output_ids").SequenceEqual(answer) ? 1 : 0;

                // Text is a token for each byte.
                int[] wanted = [.. Encoding.UTF8.GetBytes(group[i].GetProperty("expected_answer").GetString()!), end];
                right += answer.TakeLast(wanted.Length).SequenceEqual(wanted) ? 1 : 0;
            }
        }

        // A whole answer of some hundred tokens is the same only if each of them is. The checkpoint's numbers have 495 of the 500 right.
        Assert.Equal(500, problems.Length);
        Assert.InRange(same, 450, 500);
        Assert.InRange(right, 490, 500);
    }

    [Fact]
    public void As_Int8_IsAnotherFingerprintAndAnotherKvFormat()
    {
        var native = WeightsFingerprint.Compute(_checkpoint);
        var int8 = native.As(WeightFormat.Int8);

        Assert.Equal(native, native.As(WeightFormat.Native));
        Assert.NotEqual(native, int8);
        Assert.Equal(64, int8.Hex.Length);
        Assert.NotEqual(new KvFormat(native, _checkpoint.Config, 4).Hex, new KvFormat(int8, _checkpoint.Config, 4).Hex);
        var summary = ModelSummary.Of(_checkpoint, native, weights: WeightFormat.Int8);
        Assert.Equal(("int8", int8), (summary.NumberFormat, summary.Fingerprint));
        Assert.Equal("bf16", ModelSummary.Of(_checkpoint, native).NumberFormat);
    }

    [Theory]
    [InlineData("native", WeightFormat.Native)]
    [InlineData("bf16", WeightFormat.Native)]
    [InlineData("int8", WeightFormat.Int8)]
    public void Parse_Names_GiveFormats(string text, WeightFormat expected) => Assert.Equal(expected, WeightFormats.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("INT8")]
    [InlineData("int4")]
    public void Parse_OtherText_Throws(string text) => Assert.Throws<FormatException>(() => WeightFormats.Parse(text));

    private static int[] Ints(JsonElement json, string name) => [.. json.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];

    private static float[] Logits(EngineDriver driver, int[] tokens, int chunk)
    {
        var sequence = TestSequence.At(0, tokens, room: 192);
        float[] logits = [];
        while (sequence.Cached < tokens.Length)
        {
            var count = Math.Min(chunk, tokens.Length - sequence.Cached);
            driver.Run(sequence.Next(count));
            sequence.Cached += count;
            logits = driver.Result.Logits(0, 0).ToArray();
        }

        return logits;
    }
}
