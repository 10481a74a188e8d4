using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Workers;
using OrleansServe.Transfer.Experts;

namespace OrleansServe.Grains.Experts.Shards;

/// <summary>
/// Holds some of the routed experts. Engines of its silo compute with its weights themselves; rows from elsewhere are computed batch by batch on a thread of its own.
/// </summary>
internal sealed class ExpertShard : IWorker, IExpertReceiver
{
    private const int MaxQueuedBatches = 256;

    private readonly WorkerContext _context;
    private readonly WorkerMetrics.ExpertShard _metrics;
    private readonly ShardStock _stock;
    private readonly int _slots;
    private readonly Guid _incarnation = Guid.NewGuid();

    // By MoE layer and expert.
    private readonly FrozenDictionary<int, long[]> _rows;
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

    /// <param name="id">Its worker.</param>
    /// <param name="bank">What it holds at first; stays the caller's.</param>
    /// <param name="slots">Experts of each layer that it is meant to hold.</param>
    /// <param name="context">What it is given.</param>
    public ExpertShard(WorkerId id, ExpertBank bank, int slots, WorkerContext context)
    {
        Id = id;
        Bank = bank;
        _context = context;
        _slots = slots;
        _hidden = context.Model.Checkpoint.Config.HiddenSize;
        _expertCount = context.Model.Checkpoint.Config.NRoutedExperts ?? 0;
        _rows = Enumerable.Range(0, bank.Config.KvLayers).Where(bank.Config.IsMoeLayer).ToFrozenDictionary(layer => layer, _ => new long[_expertCount]);
        _metrics = context.Metrics.ForExpertShard(id, _rows.Keys);
        _stock = new ShardStock(id, bank, context, _metrics.Loaded);
        _registration = context.DataPlane.RegisterExperts(id.Device, this);
        _thread = new Thread(Run) { IsBackground = true, Name = id.Key };
    }

    public WorkerId Id { get; }

    public string? Fault { get; private set; }

    public Action? Changed { get; set; }

    /// <summary>The weights; to be used between <see cref="TryEnter"/> and leaving the gate only.</summary>
    public ExpertBank Bank { get; }

    /// <summary>Keeps the weights while an engine of this silo computes with them.</summary>
    /// <returns>The gate, to be left again; null once the shard is stopping.</returns>
    public UseGate? TryEnter() => _stock.TryEnter();

    public void Start()
    {
        _stock.Start();
        _thread.Start();
    }

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
    public void CountBatch(int layer, TimeSpan elapsed, int rows) => _metrics.Batch(layer, elapsed, rows);

    public ExpertShardDescription Describe()
    {
        int[] layers = [.. _rows.Keys.Order()];
        ImmutableArray<ImmutableArray<int>> experts = [.. layers.Select(layer => Bank.HeldOf(layer).ToImmutableArray())];
        return new ExpertShardDescription(
            _context.DataPlane.Address,
            [.. layers],
            experts,
            [.. layers.Select((layer, i) => experts[i].Select(expert => Volatile.Read(ref _rows[layer][expert])).ToImmutableArray())])
        {
            Incarnation = _incarnation,
            Slots = _slots,
            Epoch = _stock.Epoch,
        };
    }

    /// <inheritdoc cref="IExpertShardGrain.PrepareAsync"/>
    public ShardProgress Prepare(ShardAssignment assignment) => _stock.Prepare(assignment);

    /// <inheritdoc cref="IExpertShardGrain.RetireAsync"/>
    public void Retire(long epoch) => _stock.Retire(epoch);

    public Task<(WorkerReport Report, bool Full)> ReportAsync(bool full)
    {
        WorkerLoad load = new(0, _queue.Count, 0, 0, 0, 0, Bank.Count, Volatile.Read(ref _totalRows));
        WorkerReport report = new(
            Id, WorkerRole.Expert, default, 0, _context.Model.WeightsFingerprint, "", _context.DataPlane.Address, load, [], [], Heartbeat: false, [], []);
        return Task.FromResult((report, full));
    }

    public async ValueTask DisposeAsync()
    {
        _registration.Dispose();
        _queue.CompleteAdding();
        await _stock.DisposeAsync();
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
                if (TryCompute(batch) is { } fault)
                {
                    batch.Fail(fault);
                    continue;
                }

                // Once it is complete it belongs to its sender again.
                (int layer, int rows) = (batch.Layer, batch.Count);
                batch.Complete();
                CountBatch(layer, _context.Time.GetElapsedTime(start), rows);
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

    /// <returns>What is wrong with the batch; null where it is computed.</returns>
    private string? TryCompute(ExpertBatch batch)
    {
        if (_stock.TryEnter() is not { } gate)
        {
            return "it is stopping";
        }

        try
        {
            string? fault = FaultOf(batch);
            if (fault is null)
            {
                Compute(batch);
            }

            return fault;
        }
        finally
        {
            gate.Exit();
        }
    }

    private string? FaultOf(ExpertBatch batch)
    {
        if (!_stock.Knows(batch.Epoch))
        {
            return $"it does not know epoch {batch.Epoch} of the plan; it has {_stock.KnownEpochs}";
        }

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
