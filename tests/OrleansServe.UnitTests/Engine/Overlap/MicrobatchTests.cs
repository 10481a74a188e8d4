using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Overlap;
using OrleansServe.Engine.Sampling;
using OrleansServe.UnitTests.Kernels;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Overlap;

/// <summary>Steps whose rows are away with experts elsewhere, one microbatch at a time.</summary>
public sealed class MicrobatchTests
{
    private const int Sequences = 6;

    public static TheoryData<string, int> Models => new()
    {
        { "v3-tiny", 1 },
        { "v3-tiny", 3 },
        { "v2lite-tiny", 1 },
        { "moonlight-tiny", 2 },
        { "v3-fp8-tiny", 1 },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Step_TwoMicrobatches_GivesTheTokensLogprobsAndLogitsOfOne(string model, int threads)
    {
        var weights = TestModel.Golden(model);
        List<string> calls = [];
        using var alone = new EngineDriver(weights);
        using var divided = new EngineDriver(
            weights, threads, experts: new FarDispatcher(weights.Experts!, 'A', calls), second: new FarDispatcher(weights.Experts!, 'B', calls));

        // Prompts and single tokens in one step, so that the division falls into a prompt too.
        TestSequence[] expected = Draw(weights.Config.VocabSize);
        TestSequence[] actual = Draw(weights.Config.VocabSize);
        for (var step = 0; step < 12; step++)
        {
            var running = 1 + (step / 2);
            Run(alone, expected.Take(running));
            Run(divided, actual.Take(running));
            for (var i = 0; i < Math.Min(running, Sequences); i++)
            {
                KernelCases.AssertSameBits(alone.Result.Logits(i, 0), divided.Result.Logits(i, 0));
                Assert.Equal(alone.Result[i].Token, divided.Result[i].Token);
                Assert.Equal(BitConverter.SingleToInt32Bits(alone.Result[i].Logprob), BitConverter.SingleToInt32Bits(divided.Result[i].Logprob));
                expected[i].Tokens.Add(alone.Result[i].Token);
                actual[i].Tokens.Add(divided.Result[i].Token);
            }
        }

        Assert.Contains(calls, call => call[0] == 'B');
    }

    [Fact]
    public void Step_TwoMicrobatches_SendsEachWhileTheOtherIsAway()
    {
        var weights = TestModel.Golden("v3-tiny");
        List<string> calls = [];
        using var driver = new EngineDriver(weights, experts: new FarDispatcher(weights.Experts!, 'A', calls), second: new FarDispatcher(weights.Experts!, 'B', calls));
        StageNotes notes = new();
        driver.Engine.Stages = notes;

        driver.Run([.. Draw(weights.Config.VocabSize, length: 1).Take(4).Select(s => s.Next(1))]);

        int[] layers = [.. Enumerable.Range(0, weights.Config.NumHiddenLayers).Where(weights.Config.IsMoeLayer)];
        List<string> wanted = [];
        foreach (var layer in layers)
        {
            foreach (var name in "AB")
            {
                if (layer > layers[0])
                {
                    wanted.Add($"{name}{layer - 1} complete");
                }

                wanted.AddRange([$"{name}{layer} begin 2", $"{name}{layer} local"]);
            }
        }

        Assert.True(layers.Length > 1);
        Assert.Equal([.. wanted, $"A{layers[^1]} complete", $"B{layers[^1]} complete"], calls);
        Assert.All(
            notes.Stages.GroupBy(stage => (stage.Layer, stage.Microbatch)),
            stages => Assert.Equal(Enum.GetValues<OverlapStage>(), stages.Select(stage => stage.Stage)));
        Assert.Equal(2 * layers.Length * Enum.GetValues<OverlapStage>().Length, notes.Stages.Count);
    }

    [Theory]
    [InlineData('A')]
    [InlineData('B')]
    public void Step_OneMicrobatchFails_LeavesNothingInFlightAndTheNextStepHasItsBits(char failing)
    {
        var weights = TestModel.Golden("v3-tiny");
        var last = weights.Config.NumHiddenLayers - 1;
        FarDispatcher first = new(weights.Experts!, 'A'), second = new(weights.Experts!, 'B');
        using var alone = new EngineDriver(weights);
        using var divided = new EngineDriver(weights, experts: first, second: second);
        int[] prompt = [.. Enumerable.Range(3, 9)];
        (failing == 'A' ? first : second).FailingLayer = last;

        var fault = Assert.Throws<ExpertUnavailableException>(() => divided.Feed(TestSequence.At(0, prompt)));

        Assert.Contains($"{failing} is told to fail", fault.Message, StringComparison.Ordinal);
        KernelCases.AssertSameBits(alone.Feed(TestSequence.At(0, prompt)), divided.Feed(TestSequence.At(0, prompt)));
    }

    [Fact]
    public void Step_BothMicrobatchesFail_ReportsTheFirst()
    {
        var weights = TestModel.Golden("v3-tiny");
        var last = weights.Config.NumHiddenLayers - 1;
        using var divided = new EngineDriver(
            weights, experts: new FarDispatcher(weights.Experts!, 'A') { FailingLayer = last }, second: new FarDispatcher(weights.Experts!, 'B') { FailingLayer = last });

        var fault = Assert.Throws<ExpertUnavailableException>(() => divided.Feed(TestSequence.At(0, [1, 2, 3, 4])));

        Assert.Contains("A is told to fail", fault.Message, StringComparison.Ordinal);
        divided.Feed(TestSequence.At(0, [1, 2, 3, 4]));
        Assert.Null(divided.Result[0].Error);
    }

    [Fact]
    public void Step_NoRowLeaves_IsNotDivided()
    {
        var weights = TestModel.Golden("v3-tiny");
        List<string> calls = [];
        FarDispatcher first = new(weights.Experts!, 'A', calls) { IsAway = false };
        using var driver = new EngineDriver(weights, experts: first, second: new FarDispatcher(weights.Experts!, 'B', calls));

        driver.Feed(TestSequence.At(0, [1, 2, 3, 4]));
        Assert.DoesNotContain(calls, call => call[0] == 'B');

        first.IsAway = true;
        driver.Feed(TestSequence.At(0, [1]));
        Assert.DoesNotContain(calls, call => call[0] == 'B');
        driver.Feed(TestSequence.At(0, [1, 2, 3, 4]));
        Assert.Contains(calls, call => call[0] == 'B');
    }

    [Fact]
    public void Step_OneContextIsLong_DividesTheWork()
    {
        var weights = TestModel.TinyR1;
        List<string> calls = [];
        using var driver = new EngineDriver(weights, kvBlocks: 64, maxTokens: 1024, experts: new FarDispatcher(weights.Experts!, 'A', calls), second: new FarDispatcher(weights.Experts!, 'B', calls));
        var longest = TestSequence.At(0, Enumerable.Range(0, 900).Select(i => i % 200));
        driver.Feed(longest);
        longest.Tokens.Add(7);
        calls.Clear();

        driver.Run([longest.Next(1), .. Enumerable.Range(0, 11).Select(i => TestSequence.At(20 + (2 * i), [i]).Next(1))]);

        var rows = int.Parse(calls.First(call => call.StartsWith('A')).Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(rows, 1, 5);
    }

    [Fact]
    public void Step_SteadyDecodingInTwoMicrobatches_AllocatesNothing()
    {
        var weights = TestModel.TinyR1;
        using var driver = new EngineDriver(weights, experts: new FarDispatcher(weights.Experts!, 'A'), second: new FarDispatcher(weights.Experts!, 'B'));
        driver.Run([.. Draw(weights.Config.VocabSize, length: 1).Select(s => s.Next(1))]);
        for (var step = 0; step < 200; step++)
        {
            driver.Engine.Step(driver.Plan, driver.Result);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 200; step++)
        {
            driver.Engine.Step(driver.Plan, driver.Result);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static TestSequence[] Draw(int vocabulary, int length = 0)
    {
        Random random = new(4);
        return [.. Enumerable.Range(0, Sequences).Select(i =>
            new TestSequence(Enumerable.Range(0, length > 0 ? length : 3 + (i * 5)).Select(_ => random.Next(vocabulary)), 3 * i, (3 * i) + 1)
            {
                Sampling = i % 2 == 0 ? null : new SamplingParameters { Temperature = 0.9f, TopP = 0.9f, Seed = (ulong)i },
            })];
    }

    private static void Run(EngineDriver driver, IEnumerable<TestSequence> sequences)
    {
        TestSequence[] all = [.. sequences];
        driver.Run([.. all.Select(s => s.Next(s.Pending))]);
        Array.ForEach(all, s => s.Cached = s.Tokens.Count);
    }

    private sealed class StageNotes : IStageObserver
    {
        public List<(int Layer, int Microbatch, OverlapStage Stage)> Stages { get; } = [];

        public void Begin(int layer, int microbatch, OverlapStage stage) => Stages.Add((layer, microbatch, stage));
    }
}
