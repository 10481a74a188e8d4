using System.Runtime.InteropServices;
using OrleansServe.Engine;
using OrleansServe.Engine.Sampling;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.UnitTests.Kernels;
using Xunit;

namespace OrleansServe.UnitTests.Engine;

public sealed class StepFaultTests
{
    private const string Model = "v3-tiny";

    public static TheoryData<string, StepSequence[]> BadPlans { get; } = new()
    {
        { "no tokens", [Good() with { Tokens = Array.Empty<int>() }] },
        { "the context is 512", [Good() with { StartPosition = -1 }] },
        { "the context is 512", [Good() with { StartPosition = 510, Blocks = Enumerable.Range(0, 8).ToArray() }] },
        { "the context is 512", [Good() with { StartPosition = int.MaxValue }] },
        { "token 1024 at 1 is not below 1024", [Good() with { Tokens = new[] { 1, 1024, 3 } }] },
        { "token -1 at 0", [Good() with { Tokens = new[] { -1 } }] },
        { "samples 4 of 3", [Good() with { SampleRows = 4 }] },
        { "samples -1 of 3", [Good() with { SampleRows = -1 }] },
        { "has 4 of 3 tokens cached", [Good() with { CachedRows = 4 }] },
        { "has -1 of 3 tokens cached", [Good() with { CachedRows = -1 }] },
        { "a state of 5 elements", [Good() with { PreviousState = new float[5] }] },
        { "top logprobs", [Good() with { TopLogprobs = 21 }] },
        { "top logprobs", [Good() with { TopLogprobs = -1 }] },
        { "top_p is 2", [Good() with { Sampling = new SamplingParameters { TopP = 2 } }] },
        { "has 1 blocks for 67 tokens, needs 2", [Good() with { StartPosition = 64 }] },
        { "block 8 at 0 is not below 8", [Good() with { Blocks = new[] { 8 } }] },
        { "block -1 at 0", [Good() with { Blocks = new[] { -1 } }] },
        { "is written by sequence 0 as well", [Good(), Good()] },
        { "is written by sequence 0 as well", [Good() with { StartPosition = 62, Blocks = new[] { 3, 3 } }] },
        { "reads block 0 at 0, which sequence 0 writes", [Good(), Good() with { StartPosition = 64, Blocks = new[] { 0, 1 } }] },
        { "reads block 0 at 0, which sequence 1 writes", [Good() with { StartPosition = 64, Blocks = new[] { 0, 1 } }, Good()] },
        { "reads block 0 at 0, which sequence 0 writes", [Good(), Good() with { CachedRows = 3 }] },
        { "is written by sequence 0 as well", [Good(), Good() with { CachedRows = 2 }] },
        { "the plan has 18 tokens, the engine takes 16", [.. Enumerable.Range(0, 6).Select(i => Good() with { Blocks = new[] { i } })] },
        { "the plan samples 6 tokens, the engine takes 4", [Good() with { SampleRows = 3 }, Good() with { SampleRows = 3, Blocks = new[] { 1 } }] },
    };

    [Theory]
    [MemberData(nameof(BadPlans))]
    public void Step_BadPlan_IsRefusedByName(string message, StepSequence[] sequences)
    {
        using var engine = new CpuEngine(TestModel.Golden(Model), new EngineOptions { KvBlocks = 8, MaxBatchTokens = 16, MaxSampledTokens = 4, Threads = 1 });
        var plan = new StepPlan();
        Array.ForEach(sequences, s => plan.Add(s));
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => engine.Step(plan, new StepResult())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_SmallPlanAfterALargeOne_MayWriteTheSameBlocks()
    {
        using var engine = new CpuEngine(TestModel.Golden(Model), new EngineOptions { KvBlocks = 8, MaxBatchTokens = 24, Threads = 1 });
        var plan = new StepPlan();
        for (var block = 0; block < 8; block++)
        {
            plan.Add(Good() with { Blocks = new[] { block } });
        }

        engine.Step(plan, new StepResult());
        for (var block = 7; block >= 0; block--)
        {
            plan.Clear();
            plan.Add(Good() with { Blocks = new[] { block } });
            engine.Step(plan, new StepResult());
        }
    }

    [Fact]
    public void Step_KvNotFinite_FailsThatSequenceNamingTheLayer()
    {
        using var driver = new EngineDriver(TestModel.Golden(Model), threads: 2);
        var (healthy, sick) = (new TestSequence([5, 6, 7, 8], 0), new TestSequence([5, 6, 7, 8], 1));
        driver.Run(healthy.Next(3, 0), sick.Next(3, 0));
        (healthy.Cached, sick.Cached) = (3, 3);
        driver.Run(healthy.Next(1));
        var alone = driver.Result.Logits(0).ToArray();

        var block = new byte[driver.Engine.Kv.Layout.BytesPerBlockLayer];
        driver.Engine.Kv.Read(1, 2, block);
        MemoryMarshal.Cast<byte, float>(block.AsSpan())[5] = float.NaN;
        driver.Engine.Kv.Write(1, 2, block);
        driver.Run(sick.Next(1), healthy.Next(1));
        Assert.Equal(-1, driver.Result[0].Token);
        Assert.Contains("layer 2 produced them first", driver.Result[0].Error, StringComparison.Ordinal);
        Assert.Null(driver.Result[1].Error);
        KernelCases.AssertSameBits(alone, driver.Result.Logits(1));

        // A chunk that is not sampled is reported as well.
        driver.Run(sick.Next(1, 0));
        Assert.NotNull(driver.Result[0].Error);
    }

    [Theory]
    [InlineData(TensorNames.Embedding, 9, "the embedding produced them first")]
    [InlineData(TensorNames.Head, 9, "the output head produced them")]
    public void Step_WeightsNotFinite_NamesTheirPlace(string tensor, int row, string message)
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            CopyWithNaN(folder.FullName, tensor, row);
            using var checkpoint = Checkpoint.Open(folder.FullName);
            using var weights = ModelWeights.Load(checkpoint);
            using var driver = new EngineDriver(weights);
            driver.Run(new TestSequence([1, 9], 0).Next(2));
            Assert.Contains(message, driver.Result[0].Error, StringComparison.Ordinal);
            Assert.Equal(-1, driver.Result[0].Token);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Step_DraftNotFinite_FailsTheRowsFromItOnAndNotTheOneBefore()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            CopyWithNaN(folder.FullName, TensorNames.Embedding, 9);
            using var checkpoint = Checkpoint.Open(folder.FullName);
            using var weights = ModelWeights.Load(checkpoint);
            using var driver = new EngineDriver(weights);
            var sequence = new TestSequence([1, 2], 0);
            driver.Feed(sequence);
            var plain = driver.Result[0];

            // The same token with a draft behind it that spoils what follows.
            sequence.Cached = 1;
            sequence.Tokens.Add(9);
            driver.Run(sequence.Next(2, 2));
            Assert.Equal(plain.Token, driver.Result.Token(0, 0).Token);
            Assert.Equal(plain.Logprob, driver.Result.Token(0, 0).Logprob);
            Assert.Contains("the embedding produced them first", driver.Result.Token(0, 1).Error, StringComparison.Ordinal);

            // Rejected, it is overwritten and leaves no trace.
            sequence.Tokens[2] = plain.Token;
            sequence.Cached = 2;
            driver.Run(sequence.Next(1, 1));
            Assert.Null(driver.Result[0].Error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void LayerCompleted_EachLayer_IsCalledInOrderWithItsKvWritten()
    {
        using var driver = new EngineDriver(TestModel.Golden(Model));
        var seen = new List<int>();
        var block = new byte[driver.Engine.Kv.Layout.BytesPerBlockLayer];
        driver.Plan.LayerCompleted = layer =>
        {
            driver.Engine.Kv.Read(0, layer, block);
            Assert.Contains(block, b => b != 0);
            seen.Add(layer);
        };
        driver.Run(new TestSequence([1, 2], 0).Next(2));
        Assert.Equal([0, 1, 2, 3, 4], seen);
    }

    [Fact]
    public void Kv_WrongIndexOrLength_Throws()
    {
        using var driver = new EngineDriver(TestModel.Golden(Model), kvBlocks: 2);
        var (kv, size) = (driver.Engine.Kv, driver.Engine.Kv.Layout.BytesPerBlockLayer);
        Assert.Equal(64 * (32 + 16) * 4, size);
        Assert.Equal(5, kv.Layout.Layers);
        Assert.Throws<ArgumentException>(() => kv.Read(2, 0, new byte[size]));
        Assert.Throws<ArgumentException>(() => kv.Read(-1, 0, new byte[size]));
        Assert.Throws<ArgumentException>(() => kv.Write(0, 5, new byte[size]));
        Assert.Throws<ArgumentException>(() => kv.Write(0, 0, new byte[size - 1]));
        Assert.Throws<ArgumentException>(() => kv.Clear(2));
        driver.Run(new TestSequence([1, 2], 1).Next(2));
        kv.Clear(1);
        var block = new byte[size];
        kv.Read(1, 0, block);
        Assert.DoesNotContain(block, b => b != 0);
    }

    [Fact]
    public void Construct_BadOptions_ListsEveryFault()
    {
        var fault = Assert.Throws<ArgumentException>(() => new CpuEngine(TestModel.Golden(Model), new EngineOptions { KvBlocks = 0, MaxBatchTokens = -5, Threads = 2000 }));
        Assert.Contains("KvBlocks is 0", fault.Message, StringComparison.Ordinal);
        Assert.Contains("MaxBatchTokens is -5", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Threads is 2000", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Step_AfterDispose_Throws()
    {
        var driver = new EngineDriver(TestModel.Golden(Model));
        driver.Dispose();
        Assert.Throws<ObjectDisposedException>(() => driver.Run(new TestSequence([1], 0).Next(1)));
    }

    [Fact]
    public void TopLogprobs_Asked_AreTheLargestLogits()
    {
        using var driver = new EngineDriver(TestModel.Golden(Model));
        driver.Run(new TestSequence([1, 2, 3], 0) { TopLogprobs = 5 }.Next(3));
        var token = driver.Result[0];
        var logits = driver.Result.Logits(0).ToArray();
        Assert.Equal(Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(5), token.TopTokens.ToArray());
        Assert.Equal(token.TopTokens.Span[0], token.Token);
        Assert.Equal(token.TopLogprobs.Span[0], token.Logprob);
        var sum = logits.Sum(l => Math.Exp(l));
        Assert.Equal(Math.Log(Math.Exp(logits[token.Token]) / sum), token.Logprob, 1e-5);
    }

    private static StepSequence Good() => new() { Tokens = new[] { 1, 2, 3 }, Blocks = new[] { 0 } };

    private static void CopyWithNaN(string folder, string tensor, int row)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Golden, Model)).Where(f => !Path.GetFileName(f).StartsWith("goldens", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        var info = TestModel.Load(Path.Combine(Repository.Golden, Model)).Checkpoint.Tensors[tensor];
        using var stream = File.OpenWrite(Path.Combine(folder, info.File));
        stream.Position = info.Offset + (row * info.Columns * 2);
        stream.Write([0xC0, 0x7F]);
    }
}
