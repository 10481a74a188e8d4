using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Moe;

/// <summary>
/// An engine's own hands for routed experts: computes those whose weights are in this process on the engine's threads. Each expert's weights are read once for all rows that go to it.
/// Belongs to the engine's thread and is valid for the layer whose <see cref="ExpertWork"/> holds it.
/// </summary>
public sealed class ExpertCompute
{
    // Experts per thread from which on each is left to one thread: the last of them keep one thread waiting, but nothing is handed over in between.
    private const int FewestWhole = 8;

    private readonly ComputePool _pool;
    private readonly int _hidden;
    private readonly ExpertRows _rows;
    private readonly float[] _gathered;
    private readonly float[] _inner;
    private readonly float[] _up;
    private readonly MlpWeights?[] _mlps;
    private readonly int[] _taken;
    private readonly Stage _first;
    private readonly Stage _second;
    private readonly Whole _whole;
    private int _takenCount;
    private ExpertWork _work;

    internal ExpertCompute(ModelConfig config, int maxRows, ComputePool pool)
    {
        var experts = config.NRoutedExperts ?? 0;
        var slots = Buffers.Length("expert rows", maxRows, config.NumExpertsPerTok);
        _pool = pool;
        _hidden = config.HiddenSize;
        _rows = new ExpertRows(experts, slots);
        _gathered = Buffers.Floats("expert inputs", slots, _hidden);
        _inner = Buffers.Floats("expert inner rows", slots, config.MoeIntermediateSize);
        _up = Buffers.Floats("expert inner rows", slots, config.MoeIntermediateSize);
        _mlps = new MlpWeights?[experts];
        _taken = new int[experts];
        _first = new Stage(this, config.MoeIntermediateSize, _hidden, Expand);
        _second = new Stage(this, _hidden, config.MoeIntermediateSize, Contract);
        _whole = new Whole(this, experts);
    }

    /// <summary>Experts that rows of the layer go to, ascending.</summary>
    public ReadOnlySpan<int> Active => _rows.Active;

    /// <summary>Slots (row · topk + k) of an expert, ascending.</summary>
    public ReadOnlySpan<int> SlotsOf(int expert) => _rows.SlotsOf(expert);

    /// <summary>Leaves an active expert to the engine; once for each.</summary>
    /// <param name="expert">id within the layer</param>
    /// <param name="bank">holds it; must not be disposed of before <see cref="Compute"/> has returned</param>
    /// <exception cref="ExpertUnavailableException">It is not in the bank.</exception>
    public void Take(int expert, ExpertBank bank)
    {
        ArgumentNullException.ThrowIfNull(bank);
        Take(expert, bank.Get(_work.Layer, expert));
    }

    /// <summary>Computes what was taken and fills its part of the work's output.</summary>
    public void Compute()
    {
        if (_takenCount >= FewestWhole * _pool.Threads)
        {
            _whole.Run(_pool);
        }
        else
        {
            Divided();
        }

        foreach (var expert in Taken)
        {
            _mlps[expert] = null;
        }

        _takenCount = 0;
    }

    internal void Take(int expert, MlpWeights weights)
    {
        _mlps[expert] = weights;
        _taken[_takenCount++] = expert;
    }

    /// <summary>Sorts the rows of a layer.</summary>
    internal void Begin(in ExpertWork work)
    {
        _work = work;
        _takenCount = 0;
        _rows.Sort(work.ExpertIds.Span);
    }

    private ReadOnlySpan<int> Taken => _taken.AsSpan(0, _takenCount);

    private void Divided()
    {
        foreach (var expert in Taken)
        {
            Gather(expert);
        }

        _first.Run(_pool);
        _second.Run(_pool);
        foreach (var expert in Taken)
        {
            Scatter(expert);
        }
    }

    private void Gather(int expert)
    {
        // A single row is read and written in place.
        var slots = _rows.SlotsOf(expert);
        for (var i = 0; slots.Length > 1 && i < slots.Length; i++)
        {
            _work.Input.Span.Slice(slots[i] / _work.TopK * _hidden, _hidden).CopyTo(_gathered.AsSpan((_rows.StartOf(expert) + i) * _hidden));
        }
    }

    private void Scatter(int expert)
    {
        var slots = _rows.SlotsOf(expert);
        for (var i = 0; slots.Length > 1 && i < slots.Length; i++)
        {
            _gathered.AsSpan((_rows.StartOf(expert) + i) * _hidden, _hidden).CopyTo(_work.Output.Span[(slots[i] * _hidden)..]);
        }
    }

    // inner = silu(gate(x)) · up(x) for some of the inner columns.
    private void Expand(int expert, int first, int count)
    {
        var mlp = _mlps[expert]!;
        var slots = _rows.SlotsOf(expert);
        var start = _rows.StartOf(expert);
        var x = slots.Length == 1 ? _work.Input.Span[(slots[0] / _work.TopK * _hidden)..] : _gathered.AsSpan(start * _hidden);
        var gate = _inner.AsSpan((start * mlp.Inner) + first);
        var up = _up.AsSpan((start * mlp.Inner) + first);
        mlp.Gate.Multiply(x, _hidden, slots.Length, first, count, gate, mlp.Inner);
        mlp.Up.Multiply(x, _hidden, slots.Length, first, count, up, mlp.Inner);
        for (var row = 0; row < slots.Length; row++)
        {
            var part = gate.Slice(row * mlp.Inner, count);
            SwiGlu.Execute(part, up.Slice(row * mlp.Inner, count), part);
        }
    }

    private void Contract(int expert, int first, int count)
    {
        var mlp = _mlps[expert]!;
        var slots = _rows.SlotsOf(expert);
        var start = _rows.StartOf(expert);
        var y = slots.Length == 1 ? _work.Output.Span[(slots[0] * _hidden)..] : _gathered.AsSpan(start * _hidden);
        mlp.Down.Multiply(_inner.AsSpan(start * mlp.Inner), mlp.Inner, slots.Length, first, count, y[first..], _hidden);
    }

    /// <summary>Every expert taken, an expert to a part: its rows stay in the caches of one processor. Those with the most rows come first.</summary>
    private sealed class Whole(ExpertCompute owner, int experts) : ParallelWork
    {
        private readonly long[] _order = new long[experts];

        public void Run(ComputePool pool)
        {
            var order = _order.AsSpan(0, owner._takenCount);
            for (var i = 0; i < order.Length; i++)
            {
                var expert = owner._taken[i];
                order[i] = ((long)-owner._rows.SlotsOf(expert).Length << 32) | (uint)expert;
            }

            order.Sort();
            pool.Run(this, order.Length);
        }

        public override void Execute(int part, int worker)
        {
            var expert = (int)(uint)_order[part];
            owner.Gather(expert);
            owner.Expand(expert, 0, owner._mlps[expert]!.Inner);
            owner.Contract(expert, 0, owner._hidden);
            owner.Scatter(expert);
        }
    }

    /// <summary>One of the two products of every expert taken, cut by outputs.</summary>
    private sealed class Stage(ExpertCompute owner, int outputs, int columns, Action<int, int, int> body) : ParallelWork
    {
        private const long SmallestPart = 64 * 1024;
        private const int Tile = 16;
        private int _size;
        private int _partsPerExpert;

        public void Run(ComputePool pool)
        {
            var active = owner._takenCount;
            if (active == 0)
            {
                return;
            }

            // Enough parts for every thread to have a few, none so small that handing it out costs more than doing it.
            var wanted = ((4 * pool.Threads) + active - 1) / active;
            var smallest = (int)Math.Min((SmallestPart + columns - 1) / columns, outputs);
            _size = Math.Max((outputs + wanted - 1) / wanted, smallest);
            _size = (_size + Tile - 1) / Tile * Tile;
            _partsPerExpert = (outputs + _size - 1) / _size;
            pool.Run(this, active * _partsPerExpert);
        }

        public override void Execute(int part, int worker)
        {
            var first = part % _partsPerExpert * _size;
            body(owner._taken[part / _partsPerExpert], first, Math.Min(_size, outputs - first));
        }
    }
}
