using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Cli.Bench;

/// <summary>Times steps of an engine: decoding for several batches and contexts, prefilling for several lengths.</summary>
internal sealed class EngineBench : IDisposable
{
    private const int TokenSeed = 2;
    private const int FewestSteps = 3;
    private const int MostSteps = 500;
    private const int WarmUpTokens = 256;
    private const int WarmUpSteps = 100;
    private const long MostKvBytes = 4L << 30;
    private const double LookEverySeconds = 0.1;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(1);

    private readonly CpuEngine _engine;
    private readonly CostModel _cost;
    private readonly MachineProbe _probe;
    private readonly ExpertCounter _experts;
    private readonly StepPlan _plan = new();
    private readonly StepResult _result = new();
    private readonly TimeProvider _time;
    private readonly int _blocks;
    private readonly int _warmUp;

    /// <summary>Builds the engine and fills its KV with noise: how long a step takes does not depend on what was cached, only on how much.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="cost">What its steps cost.</param>
    /// <param name="probe">Looks at the machine between steps.</param>
    /// <param name="sizes">Everything that will be asked for lies within them, and within the model's longest context.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="memoryBytes">The machine's memory, of which the KV takes a part.</param>
    /// <param name="time">Measures.</param>
    public EngineBench(ModelWeights weights, CostModel cost, MachineProbe probe, BenchSizes sizes, int threads, long memoryBytes, TimeProvider time)
    {
        ModelConfig config = weights.Config;
        _cost = cost;
        _probe = probe;
        _time = time;
        int mostBatch = sizes.Batches.Append(1).Max();
        int context = sizes.Contexts.Concat(sizes.Prompts).Append(1).Max();
        _warmUp = Math.Min(Math.Max(sizes.Prompts.Append(0).Max(), WarmUpTokens), config.MaxPositionEmbeddings);
        long blockBytes = (long)KvLayout.BlockTokens * config.KvWidth * sizeof(float) * config.NumHiddenLayers;
        long fitting = Math.Min(MostKvBytes, memoryBytes / 4) / blockBytes;
        context = Math.Max(context, _warmUp);
        _blocks = (int)Math.Min(KvTables.Most(mostBatch, context), Math.Max(fitting, KvTables.Fewest(mostBatch, context)));
        _engine = new CpuEngine(weights, new EngineOptions
        {
            KvBlocks = _blocks,
            MaxBatchTokens = Math.Max(mostBatch, _warmUp),
            MaxSampledTokens = mostBatch,
            Threads = threads,
            UseMtp = false,
        });
        _experts = new ExpertCounter(config.NRoutedExperts ?? 0);
        _engine.Probe = _experts;
        KvNoise.Fill(_engine, _blocks);
    }

    /// <summary>Touches the weights and lets the code be compiled in its last form: a prompt, which goes to nearly all experts, and some decode steps.</summary>
    public void WarmUp(CancellationToken cancellationToken)
    {
        int[] blocks = [.. Enumerable.Range(0, KvLayout.BlocksFor(_warmUp))];
        int[][] tokens = [new int[_warmUp]];
        StepSequence Prompt(int i) => new() { Tokens = tokens[i], StartPosition = 0, Blocks = blocks, Sample = true };
        Random random = new(TokenSeed);
        Step(tokens, Prompt, random);
        tokens = [new int[1]];
        for (int step = 0; step < WarmUpSteps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Step(tokens, Prompt, random);
        }
    }

    /// <summary>Times decode steps.</summary>
    public BenchPoint Decode(int batch, int context, CancellationToken cancellationToken)
    {
        KvTables tables = KvTables.For(batch, context, _blocks);
        int[][] tokens = [.. Enumerable.Range(0, batch).Select(_ => new int[1])];
        Timing timing = Time(
            tokens,
            i => new StepSequence { Tokens = tokens[i], StartPosition = context - 1, Blocks = tables.Tables[i], Sample = true },
            cancellationToken);
        return timing.Point(batch, context, batch, _cost.Of(StepShape.Decode(batch, context, tables.CachedPositions, timing.Experts)));
    }

    /// <summary>Times whole prompts.</summary>
    public BenchPoint Prefill(int length, CancellationToken cancellationToken)
    {
        int[] blocks = [.. Enumerable.Range(0, KvLayout.BlocksFor(length))];
        int[][] tokens = [new int[length]];
        Timing timing = Time(
            tokens,
            i => new StepSequence { Tokens = tokens[i], StartPosition = 0, Blocks = blocks, Sample = true },
            cancellationToken);
        return timing.Point(1, length, length, _cost.Of(StepShape.Prefill(length, timing.Experts)));
    }

    /// <summary>Frees the engine.</summary>
    public void Dispose() => _engine.Dispose();

    private Timing Time(int[][] tokens, Func<int, StepSequence> sequence, CancellationToken cancellationToken)
    {
        Random random = new(TokenSeed);
        List<double> seconds = [];
        List<MachineLimits> looks = [];
        Step(tokens, sequence, random);
        _experts.Reset();
        double total = 0;
        while (seconds.Count < FewestSteps || (total < Enough.TotalSeconds && seconds.Count < MostSteps))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (total >= looks.Count * LookEverySeconds)
            {
                // A step after a look finds other things in the caches: it is made, and not counted.
                looks.Add(_probe.Look());
                Step(tokens, sequence, random);
            }

            _experts.Resume();
            seconds.Add(Step(tokens, sequence, random));
            _experts.Pause();
            total += seconds[^1];
        }

        looks.Add(_probe.Look());
        return new Timing(seconds.Count, Median(seconds), seconds.Min(), (double)_experts.Count / seconds.Count, new MachineLimits(
            Median(looks.Select(look => look.BytesPerSecond)), Median(looks.Select(look => look.MultiplyAddsPerSecond))));
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private double Step(int[][] tokens, Func<int, StepSequence> sequence, Random random)
    {
        // Other tokens each time: the same ones would go to the same experts, which caches may hold.
        _plan.Clear();
        for (int i = 0; i < tokens.Length; i++)
        {
            for (int j = 0; j < tokens[i].Length; j++)
            {
                tokens[i][j] = random.Next(_engine.Info.VocabularySize);
            }

            _plan.Add(sequence(i));
        }

        long begin = _time.GetTimestamp();
        _engine.Step(_plan, _result);
        return _time.GetElapsedTime(begin).TotalSeconds;
    }

    private sealed record Timing(int Steps, double Seconds, double FastestSeconds, double Experts, MachineLimits Machine)
    {
        public BenchPoint Point(int batch, int tokens, int tokensPerStep, StepCost cost) =>
            new(batch, tokens, tokensPerStep, Steps, Seconds, FastestSeconds, Experts, cost, Machine);
    }
}
