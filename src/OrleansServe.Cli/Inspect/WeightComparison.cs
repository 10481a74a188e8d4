using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Cli.Inspect;

/// <summary>How far the logits of a model in other number formats are from those in its checkpoint's, both in fp32 arithmetic, on the same text.</summary>
/// <param name="Positions">Positions compared.</param>
/// <param name="MeanError">Mean distance of a logit.</param>
/// <param name="MaxError">Largest distance of a logit.</param>
/// <param name="Spread">Standard deviation of the checkpoint's logits, averaged over the positions: what the errors are to be held against.</param>
/// <param name="SameTop">Positions whose likeliest token is the same.</param>
internal sealed record WeightComparison(int Positions, double MeanError, double MaxError, double Spread, int SameTop)
{
    private const int Answer = 48;

    /// <summary>Share of the positions whose likeliest token is the same.</summary>
    public double Agreement => (double)SameTop / Positions;

    /// <summary>
    /// Lets the checkpoint's own numbers continue each prompt greedily and compares the logits of every token of that answer.
    /// </summary>
    /// <param name="checkpoint">The model.</param>
    /// <param name="format">Numbers of the matrices that are compared with the checkpoint's.</param>
    /// <param name="rows">Numbers in which rows go to experts there.</param>
    /// <param name="prompts">What is continued.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static WeightComparison Measure(Checkpoint checkpoint, WeightFormat format, ExpertRowFormat rows, int[][] prompts, CancellationToken cancellationToken)
    {
        EngineOptions options = new()
        {
            KvBlocks = KvLayout.BlocksFor(prompts.Max(prompt => prompt.Length) + Answer),
            MaxBatchTokens = prompts.Max(prompt => prompt.Length) + Answer,
            MaxSampledTokens = Answer,
            UseMtp = false,
        };
        using ModelWeights exactWeights = ModelWeights.Load(checkpoint, new WeightsOptions { IncludeMtp = false }, cancellation: cancellationToken);
        using ModelWeights otherWeights = ModelWeights.Load(checkpoint, new WeightsOptions { IncludeMtp = false, Format = format }, cancellation: cancellationToken);
        using CpuEngine exact = new(exactWeights, options);
        using CpuEngine other = new(otherWeights, options with { ExpertRows = rows });
        WeightComparison sum = new(0, 0, 0, 0, 0);
        foreach (int[] prompt in prompts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (int[] tokens, float[][] logits) = Continue(exact, prompt, [.. checkpoint.Config.EosTokenIds]);
            StepResult result = Step(other, tokens, 0, tokens.Length, logits.Length);
            for (int row = 0; row < logits.Length; row++)
            {
                sum = sum.Plus(logits[row], result.Logits(0, row));
            }
        }

        return sum with { MeanError = sum.MeanError / sum.Positions, Spread = sum.Spread / sum.Positions };
    }

    private static (int[] Tokens, float[][] Logits) Continue(CpuEngine engine, int[] prompt, HashSet<int> ends)
    {
        List<int> tokens = [.. prompt];
        List<float[]> logits = [];
        int done = 0;
        while (true)
        {
            StepResult result = Step(engine, [.. tokens], done, tokens.Count - done, 1);
            logits.Add(result.Logits(0, 0).ToArray());
            done = tokens.Count;
            if (logits.Count == Answer || ends.Contains(result[0].Token))
            {
                return ([.. tokens], [.. logits]);
            }

            tokens.Add(result[0].Token);
        }
    }

    private static StepResult Step(CpuEngine engine, int[] tokens, int start, int count, int sampled)
    {
        StepPlan plan = new();
        plan.Add(new StepSequence
        {
            Tokens = tokens.AsMemory(start, count),
            StartPosition = start,
            Blocks = Enumerable.Range(0, KvLayout.BlocksFor(tokens.Length)).ToArray(),
            SampleRows = sampled,
        });
        StepResult result = new();
        engine.Step(plan, result);
        return result;
    }

    private WeightComparison Plus(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        double error = 0;
        double largest = MaxError;
        double mean = 0;
        double squares = 0;
        int expectedTop = 0;
        int actualTop = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)expected[i] - actual[i]);
            error += difference;
            largest = Math.Max(largest, difference);
            mean += expected[i];
            squares += (double)expected[i] * expected[i];
            expectedTop = expected[i] > expected[expectedTop] ? i : expectedTop;
            actualTop = actual[i] > actual[actualTop] ? i : actualTop;
        }

        mean /= expected.Length;
        return new WeightComparison(
            Positions + 1,
            MeanError + (error / expected.Length),
            largest,
            Spread + Math.Sqrt(Math.Max((squares / expected.Length) - (mean * mean), 0)),
            SameTop + (expectedTop == actualTop ? 1 : 0));
    }
}
