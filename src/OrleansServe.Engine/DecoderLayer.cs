using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Overlap;
using OrleansServe.Engine.Probes;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine;

/// <summary>Runs decoder layers over a step's rows, all of them or a microbatch, stage by stage; one instance serves all layers in turn.</summary>
internal sealed class DecoderLayer
{
    private readonly ModelConfig _config;
    private readonly ComputePool _pool;
    private readonly LatentAttention _attention;
    private readonly Mlp _mlp;
    private readonly MoeLayer? _moe;
    private readonly RowWork _normInput;
    private readonly RowWork _addAndNorm;
    private readonly RowWork _add;
    private readonly float[] _normed;
    private readonly float[] _part;
    private LayerWeights? _weights;
    private StepBatch? _batch;
    private float[] _hidden = [];
    private int _previous;

    /// <param name="config">the model</param>
    /// <param name="maxRows">[microbatches] most rows of each; those of the first are the most of a step</param>
    /// <param name="rotary">position embedding</param>
    /// <param name="kv">cached rows</param>
    /// <param name="dispatchers">[microbatches] computes routed experts; none for a model without them</param>
    /// <param name="format">numbers in which rows go to routed experts</param>
    /// <param name="pool">threads</param>
    public DecoderLayer(
        ModelConfig config, int[] maxRows, RotaryEmbedding rotary, Kv.PagedKv kv, IExpertDispatcher[] dispatchers, ExpertRowFormat format, ComputePool pool)
    {
        var rows = maxRows[0];
        _config = config;
        _pool = pool;
        _attention = new LatentAttention(config, rows, rotary, kv, pool);
        _mlp = new Mlp(config.HiddenSize, Math.Max(config.IntermediateSize, config.SharedIntermediateSize), rows, pool);
        _moe = dispatchers.Length == 0 ? null : new MoeLayer(config, maxRows, _mlp, dispatchers, format, pool);
        _normInput = new RowWork(NormInput);
        _addAndNorm = new RowWork(AddAndNorm);
        _add = new RowWork(Add);
        _normed = Buffers.Floats("normalised rows", rows, config.HiddenSize);
        _part = Buffers.Floats("layer outputs", rows, config.HiddenSize);
    }

    /// <summary>Whether rows of the step's first microbatch left for elsewhere in the MoE layer that ran last.</summary>
    public bool SentRowsAway => _moe is not null && _moe.IsAway(0);

    /// <summary>Runs one layer on the whole step's residual stream, in place.</summary>
    /// <param name="weights">the layer</param>
    /// <param name="layer">its index</param>
    /// <param name="previous">what a row that is not finite before this layer is blamed on</param>
    /// <param name="batch">rows and block tables</param>
    /// <param name="hidden">[rows, hidden]</param>
    /// <param name="probe">sees the routing</param>
    public void Forward(LayerWeights weights, int layer, int previous, StepBatch batch, float[] hidden, IStepProbe? probe)
    {
        LayerRows at = new(weights, layer, previous, batch, hidden, new RowRange(0, batch.Rows), 0);
        BeginAttention(at);
        FinishAttention(at);
        if (weights.Router is null)
        {
            _mlp.Forward(weights.Mlp!, _normed, at.Rows, _part);
            _add.Run(_pool, at.Rows);
            return;
        }

        Route(at, probe);
        Dispatch(at);
        ComputeLocal(at);
        Combine(at);
    }

    /// <summary>Normalises rows, and computes their queries and KV.</summary>
    public void BeginAttention(in LayerRows at)
    {
        Set(at);
        _normInput.Run(_pool, at.Rows);
        _attention.Begin(at, _normed);
    }

    /// <summary>Attends, adds the result to the residual stream, and normalises it.</summary>
    public void FinishAttention(in LayerRows at)
    {
        Set(at);
        _attention.Finish(at, _part);
        _addAndNorm.Run(_pool, at.Rows);
    }

    /// <summary>Chooses the experts of rows.</summary>
    public void Route(in LayerRows at, IStepProbe? probe) => _moe!.Route(at, _normed, probe);

    /// <summary>Sends rows to their experts.</summary>
    public void Dispatch(in LayerRows at) => _moe!.Dispatch(at, _normed);

    /// <summary>Computes meanwhile what does not depend on others.</summary>
    public void ComputeLocal(in LayerRows at) => _moe!.ComputeLocal(at, _normed, _part);

    /// <summary>Takes the experts' outputs back and adds everything to the residual stream.</summary>
    public void Combine(in LayerRows at)
    {
        _moe!.Combine(at, _part);
        Set(at);
        _add.Run(_pool, at.Rows);
    }

    /// <summary>Waits for rows of a microbatch whose outputs nobody wants any more.</summary>
    public void Settle(int microbatch) => _moe!.Settle(microbatch);

    /// <summary>Writes the KV of the step's rows without computing the layer's output.</summary>
    /// <param name="weights">the layer</param>
    /// <param name="layer">its index</param>
    /// <param name="batch">rows and block tables</param>
    /// <param name="hidden">[rows, hidden] input of the layer</param>
    public void WriteKv(LayerWeights weights, int layer, StepBatch batch, float[] hidden)
    {
        LayerRows at = new(weights, layer, layer, batch, hidden, new RowRange(0, batch.Rows), 0);
        Set(at);
        _normInput.Run(_pool, at.Rows);
        _attention.WriteKv(at, _normed);
    }

    private void Set(in LayerRows at) => (_weights, _batch, _hidden, _previous) = (at.Weights, at.Batch, at.Hidden, at.Previous);

    private void NormInput(int first, int end, int worker)
    {
        for (var row = first; row < end; row++)
        {
            _batch!.Mark(row, _previous, RmsNorm.Execute(Row(_hidden, row), _weights!.InputNorm, _config.RmsNormEps, Row(_normed, row)));
        }
    }

    private void AddAndNorm(int first, int end, int worker)
    {
        for (var row = first; row < end; row++)
        {
            AddInPlace.Execute(Row(_part, row), Row(_hidden, row));
            RmsNorm.Execute(Row(_hidden, row), _weights!.PostAttentionNorm, _config.RmsNormEps, Row(_normed, row));
        }
    }

    private void Add(int first, int end, int worker)
    {
        for (var row = first; row < end; row++)
        {
            AddInPlace.Execute(Row(_part, row), Row(_hidden, row));
        }
    }

    private Span<float> Row(float[] rows, int row) => rows.AsSpan(row * _config.HiddenSize, _config.HiddenSize);
}
