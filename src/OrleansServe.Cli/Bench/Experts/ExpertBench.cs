using OrleansServe.Engine;
using OrleansServe.Engine.Weights;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>
/// Times decode steps of an engine whose experts are partly on other devices, with two microbatches in flight and with one, with and without a delay on the way there and back. The devices
/// are threads of this process; a delay is a time before which nobody looks.
/// </summary>
internal sealed class ExpertBench : IDisposable
{
    private const int WarmUpSteps = 40;
    private const int TokenSeed = 2;

    private readonly FarDevice[] _devices;
    private readonly StageLog _log;
    private readonly CpuEngine _two;
    private readonly CpuEngine _one;
    private readonly StepPlan _plan = new();
    private readonly StepResult _result = new();
    private readonly int[][] _tokens;
    private readonly KvTables _tables;
    private readonly ExpertBenchSetup _setup;
    private readonly TimeProvider _time;
    private readonly Random _random = new(TokenSeed);
    private readonly int _moeLayers;

    /// <summary>Starts devices and builds two engines on the same weights.</summary>
    /// <param name="weights">The model, with its experts.</param>
    /// <param name="setup">Sizes.</param>
    /// <param name="time">Measures.</param>
    public ExpertBench(ModelWeights weights, ExpertBenchSetup setup, TimeProvider time)
    {
        _setup = setup;
        _time = time;
        _log = new StageLog(time);
        int hidden = weights.Config.HiddenSize;
        _moeLayers = Enumerable.Range(0, weights.Config.NumHiddenLayers).Count(weights.Config.IsMoeLayer);
        _devices = [.. Enumerable.Range(1, setup.Devices - 1).Select(i => new FarDevice(i, weights.Experts!, setup.Rows * weights.Config.NumExpertsPerTok, hidden, time))];
        int blocks = KvTables.Fewest(setup.Rows, setup.Context);
        EngineOptions options = new() { KvBlocks = blocks, MaxBatchTokens = setup.Rows, Threads = 1, UseMtp = false, OverlapRows = 2 };
        FarDispatcher[] dispatchers = [.. Enumerable.Range(0, 2).Select(i => new FarDispatcher(i, weights.Experts!, _devices, _log, time))];
        _two = new CpuEngine(weights, options, dispatchers[0], dispatchers[1]) { Stages = _log };
        _one = new CpuEngine(weights, options, dispatchers[0]);
        KvNoise.Fill(_two, blocks);
        KvNoise.Fill(_one, blocks);
        _tables = KvTables.For(setup.Rows, setup.Context, blocks);
        _tokens = [.. Enumerable.Range(0, setup.Rows).Select(_ => new int[1])];
    }

    /// <summary>Measures the four schedules in turns, so that a machine that is busy for a while is so for all of them.</summary>
    public ExpertFigures Measure(CancellationToken cancellationToken)
    {
        Series plainTwo = new(), delayedTwo = new(), plainOne = new(), delayedOne = new();
        for (int step = 0; step < WarmUpSteps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Step(_two, 0, null);
            Step(_one, 0, null);
        }

        double computed = Calibrate(cancellationToken);
        long delay = (long)(computed * _setup.Delay * _time.TimestampFrequency);
        List<(double Seconds, TimeLine Line)> lines = [];
        for (int step = 0; step < _setup.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Step(_two, 0, plainTwo);
            double seconds = Step(_two, delay, delayedTwo);
            lines.Add((seconds, TimeLine.Of(_log, _time)));
            Step(_one, 0, plainOne);
            Step(_one, delay, delayedOne);
        }

        TimeLine median = lines.OrderBy(line => line.Seconds).ElementAt(lines.Count / 2).Line;
        return new ExpertFigures(
            _moeLayers, computed, (double)delay / _time.TimestampFrequency, plainTwo.Figures(), delayedTwo.Figures(), plainOne.Figures(), delayedOne.Figures(), median);
    }

    public void Dispose()
    {
        _two.Dispose();
        _one.Dispose();
        Array.ForEach(_devices, device => device.Dispose());
    }

    // Seconds for which the engine computes a microbatch in an MoE layer, waits left out; median of some steps.
    private double Calibrate(CancellationToken cancellationToken)
    {
        List<double> seconds = [];
        for (int step = 0; step < WarmUpSteps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Step(_two, 0, null);
            seconds.Add(TimeLine.Of(_log, _time).ComputedSeconds / (2 * _moeLayers));
        }

        return Series.Median(seconds);
    }

    private double Step(CpuEngine engine, long delay, Series? series)
    {
        _plan.Clear();
        for (int i = 0; i < _tokens.Length; i++)
        {
            _tokens[i][0] = _random.Next(engine.Info.VocabularySize);
            _plan.Add(new StepSequence { Tokens = _tokens[i], StartPosition = _setup.Context - 1, Blocks = _tables.Tables[i], Sample = true });
        }

        foreach (FarDevice device in _devices)
        {
            device.Delay = delay;
        }

        _log.Clear();
        long begun = _time.GetTimestamp();
        engine.Step(_plan, _result);
        double seconds = _time.GetElapsedTime(begun).TotalSeconds;
        series?.Add(seconds, _log, _time);
        return seconds;
    }

    private sealed class Series
    {
        private readonly List<double> _steps = [];
        private readonly List<double> _away = [];
        private readonly List<double> _waited = [];

        public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

        public void Add(double seconds, StageLog log, TimeProvider time)
        {
            _steps.Add(seconds);
            foreach (StageLog.WaitEntry wait in log.Waits.Where(wait => wait.Away.Sent != 0))
            {
                _away.Add(time.GetElapsedTime(wait.Away.Sent, wait.Away.Returned).TotalSeconds);
                _waited.Add(time.GetElapsedTime(wait.Begun, wait.Ended).TotalSeconds);
            }
        }

        public ScheduleFigures Figures() => new(Median(_steps), _steps.Min(), _away.DefaultIfEmpty().Average(), _waited.DefaultIfEmpty().Average());
    }
}
