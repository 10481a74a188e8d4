using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.UnitTests.Engine;

/// <summary>An engine with a plan and a result, for tests that step it by hand.</summary>
internal sealed class EngineDriver : IDisposable
{
    // Test models are small: their threads are to meet all the same, in every product or, where rows are divided, as seldom as they can, and microbatches too.
    public EngineDriver(
        ModelWeights weights, int threads = 1, int kvBlocks = 64, int maxTokens = 256, IExpertDispatcher? experts = null, IExpertDispatcher? second = null, bool dividesRows = false,
        ExpertRowFormat rows = ExpertRowFormat.Exact) =>
        Engine = new CpuEngine(
            weights,
            new EngineOptions { KvBlocks = kvBlocks, MaxBatchTokens = maxTokens, Threads = threads, SmallestSharedStep = dividesRows ? long.MaxValue : 0, OverlapRows = 2, ExpertRows = rows },
            experts,
            second);

    public CpuEngine Engine { get; }

    public StepPlan Plan { get; } = new();

    public StepResult Result { get; } = new();

    /// <summary>Feeds all pending tokens of one sequence and returns the logits of the last <paramref name="sampleRows"/> positions.</summary>
    public float[] Feed(TestSequence sequence, int sampleRows = 1)
    {
        Run(sequence.Next(sequence.Pending, sampleRows));
        sequence.Cached = sequence.Tokens.Count;
        return [.. Enumerable.Range(0, sampleRows).SelectMany(row => Result.Logits(0, row).ToArray())];
    }

    public void Run(params StepSequence[] sequences)
    {
        Plan.Clear();
        foreach (var sequence in sequences)
        {
            Plan.Add(sequence);
        }

        Engine.Step(Plan, Result);
    }

    /// <summary>Continues greedily, one token a step.</summary>
    public int[] Greedy(TestSequence sequence, int count)
    {
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            Feed(sequence);
            tokens[i] = Result[0].Token;
            sequence.Tokens.Add(tokens[i]);
        }

        return tokens;
    }

    public void Dispose() => Engine.Dispose();
}
