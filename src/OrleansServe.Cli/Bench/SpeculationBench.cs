using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Mtp;
using OrleansServe.Engine.Weights;

namespace OrleansServe.Cli.Bench;

/// <summary>
/// Times one greedy stream, plain and with drafts. Plain decoding runs on an engine without the MTP layer, so that it pays nothing for it;
/// the kinds take turns on each prompt, so that a machine that slows down slows all of them.
/// </summary>
internal sealed class SpeculationBench : IDisposable
{
    private const int MostTokens = 256;
    private const int FewestRounds = 1;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(4);

    private readonly CpuEngine _plain;
    private readonly CpuEngine _drafting;
    private readonly int[][] _prompts;
    private readonly IReadOnlyCollection<int> _ends;
    private readonly TimeProvider _time;

    /// <summary>Builds both engines.</summary>
    /// <param name="weights">With their MTP layer.</param>
    /// <param name="prompts">What is asked, as token ids.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="time">The clock.</param>
    public SpeculationBench(ModelWeights weights, int[][] prompts, int threads, TimeProvider time)
    {
        _prompts = prompts;
        _ends = [.. weights.Config.EosTokenIds];
        _time = time;
        int longest = prompts.Max(prompt => prompt.Length);
        EngineOptions options = new()
        {
            KvBlocks = KvLayout.BlocksFor(longest + MostTokens),
            MaxBatchTokens = longest + MostDrafts + 1,
            MaxSampledTokens = MostDrafts + 1,
            Threads = threads,
        };
        _plain = new CpuEngine(weights, options with { UseMtp = false });
        _drafting = new CpuEngine(weights, options);
    }

    /// <summary>Most drafts a step that are measured.</summary>
    public static int MostDrafts => 4;

    /// <summary>Measures plain decoding and every number of drafts.</summary>
    /// <returns>[drafts a step]</returns>
    public SpeculationPoint[] Measure(CancellationToken cancellationToken)
    {
        SpeculationPoint[] points = [.. Enumerable.Range(0, MostDrafts + 1).Select(drafts => new SpeculationPoint(drafts, 0, 0, 0, 0, 0))];
        for (int drafts = 0; drafts <= MostDrafts; drafts++)
        {
            // Once for the just-in-time compiler.
            Decode(_prompts[0], drafts);
        }

        for (int round = 0; round < FewestRounds || points.Sum(point => point.Seconds) < Enough.TotalSeconds; round++)
        {
            foreach (int[] prompt in _prompts)
            {
                for (int drafts = 0; drafts <= MostDrafts; drafts++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    points[drafts] = points[drafts].Plus(Decode(prompt, drafts));
                }
            }
        }

        return points;
    }

    /// <summary>Frees the engines.</summary>
    public void Dispose()
    {
        _plain.Dispose();
        _drafting.Dispose();
    }

    private SpeculationPoint Decode(int[] prompt, int mostDrafts)
    {
        CpuEngine engine = mostDrafts == 0 ? _plain : _drafting;
        int[] tokens = new int[prompt.Length + MostTokens];
        prompt.CopyTo(tokens, 0);
        int[] blocks = [.. Enumerable.Range(0, KvLayout.BlocksFor(tokens.Length))];
        float[] state = new float[engine.Info.Model.HiddenSize];
        StepPlan plan = new();
        StepResult result = new();
        DraftPlan draftPlan = new();
        int[] drafts = new int[MostDrafts];

        int length = prompt.Length;
        plan.Add(new StepSequence { Tokens = prompt, Blocks = blocks, Sample = true });
        engine.Step(plan, result);
        result.State(0, prompt.Length - 1).CopyTo(state);
        tokens[length++] = result[0].Token;

        SpeculationPoint point = new(mostDrafts, 0, 0, 0, 0, 0);
        long begin = _time.GetTimestamp();
        while (length < tokens.Length && !_ends.Contains(tokens[length - 1]))
        {
            int count = Math.Min(mostDrafts, tokens.Length - length - 1);
            if (count > 0)
            {
                draftPlan.Clear();
                draftPlan.Add(new DraftSequence { Token = tokens[length - 1], Position = length - 1, State = state, Blocks = blocks, Drafts = drafts.AsMemory(0, count) });
                engine.Draft(draftPlan);
                drafts.AsSpan(0, count).CopyTo(tokens.AsSpan(length));
            }

            plan.Clear();
            plan.Add(new StepSequence
            {
                Tokens = tokens.AsMemory(length - 1, 1 + count),
                StartPosition = length - 1,
                PreviousState = state,
                Blocks = blocks,
                SampleRows = 1 + count,
            });
            engine.Step(plan, result);
            int standing = Verification.CountStanding(plan[0], result, 0);
            result.State(0, standing - 1).CopyTo(state);
            int taken = 0;
            do
            {
                tokens[length++] = result.Token(0, taken++).Token;
            }
            while (taken < standing && !_ends.Contains(tokens[length - 1]));
            point = point with { Tokens = point.Tokens + taken, Steps = point.Steps + 1, Drafted = point.Drafted + count, Accepted = point.Accepted + taken - 1 };
        }

        return point with { Seconds = _time.GetElapsedTime(begin).TotalSeconds };
    }
}
