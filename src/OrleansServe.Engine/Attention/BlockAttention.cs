using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Threading;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Attention;

/// <summary>
/// Softmax attention of latent queries over cached rows. Each run of positions has sums of its own (<see cref="RunAttention"/>), and these are added in
/// order of position. Runs begin at fixed positions whatever the chunks were, so a row's sums have one order: that of the positions, whether one thread
/// goes through all runs of a row or several share them.
/// </summary>
internal sealed class BlockAttention : ParallelWork
{
    private const int PartsPerThread = 2;
    private const int HeadsInRegisters = 4;
    private const int FewestRuns = 64;

    private readonly RunAttention _attention;
    private readonly ComputePool _pool;
    private readonly float[] _queries;
    private readonly float[] _outputs;
    private readonly int _heads;
    private readonly int _width;
    private readonly int _latent;

    // Sums of runs of few rows, which are divided between threads: [run of the first row, …, run of the next row, …].
    private readonly RunBuffer _shared;

    // A thread's latest run of a row that is its own.
    private readonly RunBuffer _own;
    private readonly int[] _firstRuns;
    private StepBatch? _batch;
    private int _layer;
    private int _first;
    private int _headsPerPart;
    private int _runsPerPart;
    private int _runs;
    private bool _sharesRows;

    /// <param name="config">the model</param>
    /// <param name="kv">cached rows</param>
    /// <param name="rows">most rows at once</param>
    /// <param name="queries">[rows, heads, latent + rope]</param>
    /// <param name="outputs">[rows, heads, latent]</param>
    /// <param name="pool">threads</param>
    public BlockAttention(ModelConfig config, PagedKv kv, int rows, float[] queries, float[] outputs, ComputePool pool)
    {
        (_queries, _outputs, _pool) = (queries, outputs, pool);
        _attention = new RunAttention(kv);
        _heads = config.NumAttentionHeads;
        _width = config.KvWidth;
        _latent = config.KvLoraRank;
        var longest = (int)Math.Min(config.MaxPositionEmbeddings, (long)kv.BlockCount * KvLayout.BlockTokens);
        _shared = new RunBuffer(Math.Max(RunAttention.CountUpTo(longest - 1), FewestRuns), _heads, _latent);
        _own = new RunBuffer(pool.Threads, Math.Min(_heads, RunAttention.MostHeads), _latent);
        _firstRuns = new int[rows + 1];
    }

    /// <summary>Attends for some rows; <see cref="Complete"/> does the rest for each head.</summary>
    /// <param name="layer">layer in the KV memory</param>
    /// <param name="batch">rows and block tables</param>
    /// <param name="first">row of the batch that is row 0 of the queries</param>
    /// <param name="most">most rows</param>
    /// <returns>The number of rows attended for, at least one.</returns>
    public int Run(int layer, StepBatch batch, int first, int most)
    {
        (_layer, _batch, _first) = (layer, batch, first);
        _headsPerPart = Math.Min(RunAttention.MostHeads, _heads);
        _sharesRows = (long)most * PartsPerRow < PartsPerThread * _pool.Threads;
        var rows = _sharesRows ? Divide(most) : most;
        _pool.Run(this, (_sharesRows ? (_runs + _runsPerPart - 1) / _runsPerPart : rows) * PartsPerRow);
        return rows;
    }

    /// <summary>Makes the outputs of one head from what <see cref="Run"/> left.</summary>
    /// <param name="head">head</param>
    /// <param name="rows">what <see cref="Run"/> returned</param>
    public void Complete(int head, int rows)
    {
        for (var row = 0; _sharesRows && row < rows; row++)
        {
            var sums = _shared.At(_firstRuns[row], head, 1);
            for (var run = _firstRuns[row] + 1; run < _firstRuns[row + 1]; run++)
            {
                sums.Add(_shared.At(run, head, 1));
            }

            sums.Normalise();
            sums.Outputs.CopyTo(_outputs.AsSpan(((row * _heads) + head) * _latent));
        }
    }

    public override void Execute(int part, int worker)
    {
        var head = part % PartsPerRow * _headsPerPart;
        var heads = Math.Min(_headsPerPart, _heads - head);
        if (_sharesRows)
        {
            var run = part / PartsPerRow * _runsPerPart;
            var end = Math.Min(run + _runsPerPart, _runs);
            for (var row = 0; run < end; run++)
            {
                while (run >= _firstRuns[row + 1])
                {
                    row++;
                }

                Attend(row, run - _firstRuns[row], head, goesOn: run + 1 < end, _shared.At(run, head, heads));
            }
        }
        else
        {
            AttendWhole(part / PartsPerRow, head, heads, worker);
        }
    }

    private int PartsPerRow => (_heads + _headsPerPart - 1) / _headsPerPart;

    // Counts the runs of as many rows as there is memory for, and cuts heads finer where there are few of them.
    private int Divide(int most)
    {
        var rows = 0;
        for (_runs = 0; rows < most && (rows == 0 || _runs + RunsOf(rows) <= _shared.Runs); rows++)
        {
            _runs += RunsOf(rows);
            _firstRuns[rows + 1] = _runs;
        }

        // Heads of a part share each block while it is in cache, and four of them each number in a register: below four heads only where threads
        // would have nothing to do at all.
        while (_headsPerPart > 1 && (long)_runs * PartsPerRow < (_headsPerPart > HeadsInRegisters ? 2L : 1L) * _pool.Threads)
        {
            _headsPerPart = _headsPerPart > HeadsInRegisters ? Math.Max((_headsPerPart + 1) / 2, HeadsInRegisters) : (_headsPerPart + 1) / 2;
        }

        // A part's runs follow each other in memory, and only its first block has to be waited for.
        var parts = PartsPerThread * _pool.Threads;
        _runsPerPart = Math.Max(_runs * PartsPerRow / parts, 1);
        return rows;
    }

    private int RunsOf(int row) => RunAttention.CountUpTo(_batch!.Positions[_first + row]);

    private void AttendWhole(int row, int head, int heads, int worker)
    {
        Span<float> maxima = stackalloc float[RunAttention.MostHeads];
        Span<float> totals = stackalloc float[RunAttention.MostHeads];
        var sums = new RunSums(_outputs.AsSpan(((row * _heads) + head) * _latent, heads * _latent), maxima[..heads], totals[..heads]);
        Attend(row, 0, head, goesOn: true, sums);
        var runs = RunsOf(row);
        for (var run = 1; run < runs; run++)
        {
            var next = _own.At(worker, 0, heads);
            Attend(row, run, head, goesOn: true, next);
            sums.Add(next);
        }

        sums.Normalise();
    }

    private void Attend(int row, int run, int head, bool goesOn, RunSums sums) => _attention.Execute(
        _layer,
        _batch!.Plan[_batch.Sequences[_first + row]].Blocks.Span,
        run,
        run == 0 ? _batch.FirstAttended : 0,
        _batch.Positions[_first + row],
        goesOn,
        _queries.AsSpan(((row * _heads) + head) * _width, sums.Sums.Length * _width),
        sums);
}
