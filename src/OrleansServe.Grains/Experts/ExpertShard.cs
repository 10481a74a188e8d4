using System.Collections.Concurrent;
using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Workers;
using OrleansServe.Transfer.Experts;

namespace OrleansServe.Grains.Experts;

/// <summary>
/// Holds some of the routed experts. Engines of its silo compute with its weights themselves; rows from elsewhere are computed batch by batch on a thread of its own.
/// </summary>
internal sealed class ExpertShard : IWorker, IExpertReceiver
{
    private const int MaxQueuedBatches = 256;

    private readonly WorkerContext _context;
    private readonly WorkerMetrics.ExpertShard _metrics;
    private readonly ImmutableArray<(int Layer, ImmutableArray<int> Experts)> _held;
    private readonly Dictionary<int, long[]> _rows;
    private readonly int _expertCount;
    private readonly int _hidden;
    private readonly BlockingCollection<ExpertBatch> _queue = new(MaxQueuedBatches);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IDisposable _registration;
    private readonly Thread _thread;
    private float[] _input = [];
    private float[] _output = [];
    private float[] _scratch = [];
    private int[] _order = [];
    private long _totalRows;

    public ExpertShard(WorkerId id, ExpertBank bank, ImmutableArray<(int Layer, ImmutableArray<int> Experts)> held, WorkerContext context)
    {
        Id = id;
        Bank = bank;
        _context = context;
        _held = held;
        _hidden = context.Model.Checkpoint.Config.HiddenSize;
        _expertCount = context.Model.Checkpoint.Config.NRoutedExperts ?? 0;
        _rows = held.ToDictionary(layer => layer.Layer, _ => new long[_expertCount]);
        _metrics = context.Metrics.ForExpertShard(id);
        _registration = context.DataPlane.RegisterExperts(id.Device, this);
        _thread = new Thread(Run) { IsBackground = true, Name = id.Key };
    }

    public WorkerId Id { get; }

    public string? Fault { get; private set; }

    public Action? Changed { get; set; }

    /// <summary>The weights; to be used between entering and leaving <see cref="Use"/> only.</summary>
    public ExpertBank Bank { get; }

    /// <summary>Keeps the weights while an engine of this silo computes with them.</summary>
    public UseGate Use { get; } = new();

    public void Start() => _thread.Start();

    public void Submit(ExpertBatch batch)
    {
        try
        {
            if (!_queue.TryAdd(batch))
            {
                batch.Fail($"{MaxQueuedBatches} batches wait, which is the limit");
            }
        }
        catch (InvalidOperationException)
        {
            batch.Fail("it is stopping");
        }
    }

    /// <summary>Counts rows that an expert has computed, on any thread.</summary>
    public void CountRows(int layer, int expert, int rows)
    {
        Interlocked.Add(ref _rows[layer][expert], rows);
        Interlocked.Add(ref _totalRows, rows);
    }

    /// <summary>Measures a batch: the rows of one layer and one step, or of one message.</summary>
    public void CountBatch(TimeSpan elapsed, int rows) => _metrics.Batch(elapsed, rows);

    public ExpertShardDescription Describe() => new(
        _context.DataPlane.Address,
        [.. _held.Select(layer => layer.Layer)],
        [.. _held.Select(layer => layer.Experts)],
        [.. _held.Select(layer => layer.Experts.Select(expert => Volatile.Read(ref _rows[layer.Layer][expert])).ToImmutableArray())]);

    public Task<(WorkerReport Report, bool Full)> ReportAsync(bool full)
    {
        WorkerLoad load = new(0, _queue.Count, 0, 0, 0, 0, _held.Sum(layer => layer.Experts.Length), Volatile.Read(ref _totalRows));
        WorkerReport report = new(
            Id, WorkerRole.Expert, default, 0, _context.Model.WeightsFingerprint, "", _context.DataPlane.Address, load, [], [], Heartbeat: false, [], []);
        return Task.FromResult((report, full));
    }

    public async ValueTask DisposeAsync()
    {
        _registration.Dispose();
        _queue.CompleteAdding();
        await Use.CloseAsync();
        if ((_thread.ThreadState & ThreadState.Unstarted) == 0)
        {
            await _ended.Task;
        }

        _queue.Dispose();
    }

    private void Run()
    {
        foreach (ExpertBatch batch in _queue.GetConsumingEnumerable())
        {
            long start = _context.Time.GetTimestamp();
            try
            {
                if (FaultOf(batch) is { } fault)
                {
                    batch.Fail(fault);
                    continue;
                }

                Compute(batch);
                batch.Complete();
                CountBatch(_context.Time.GetElapsedTime(start), batch.Count);
            }
#pragma warning disable CA1031 // A batch that cannot be computed must not take the shard, and with it everyone else's rows, down.
            catch (Exception e)
#pragma warning restore CA1031
            {
                ExpertLog.BatchFailed(_context.Logger, Id, batch.Layer, e);
                batch.Fail($"{e.GetType().Name}: {e.Message}");
            }
        }

        _ended.SetResult();
    }

    private string? FaultOf(ExpertBatch batch)
    {
        if (batch.Hidden != _hidden)
        {
            return $"rows are {batch.Hidden} wide, not {_hidden}";
        }

        if (!_rows.ContainsKey(batch.Layer))
        {
            return $"it holds no expert of layer {batch.Layer}";
        }

        foreach (int expert in batch.Experts)
        {
            if (!Bank.Has(batch.Layer, expert))
            {
                return $"it does not hold expert {expert} of layer {batch.Layer}";
            }
        }

        return null;
    }

    /// <summary>One pass over each expert's weights for all of its rows.</summary>
    private void Compute(ExpertBatch batch)
    {
        Grow(batch.Count);
        ReadOnlySpan<int> experts = batch.Experts;
        for (int expert = 0; expert < _expertCount; expert++)
        {
            int rows = 0;
            for (int i = 0; i < experts.Length; i++)
            {
                if (experts[i] == expert)
                {
                    batch.Rows.Slice(i * _hidden, _hidden).CopyTo(_input.AsSpan(rows * _hidden));
                    _order[rows++] = i;
                }
            }

            if (rows == 0)
            {
                continue;
            }

            Bank.Forward(batch.Layer, expert, _input.AsSpan(0, rows * _hidden), rows, _output.AsSpan(0, rows * _hidden), _scratch);
            for (int row = 0; row < rows; row++)
            {
                _output.AsSpan(row * _hidden, _hidden).CopyTo(batch.Outputs[(_order[row] * _hidden)..]);
            }

            CountRows(batch.Layer, expert, rows);
        }
    }

    private void Grow(int rows)
    {
        if (_order.Length < rows)
        {
            _order = new int[rows];
            _input = new float[checked(rows * _hidden)];
            _output = new float[checked(rows * _hidden)];
            _scratch = new float[checked(rows * Bank.ScratchPerRow)];
        }
    }
}
