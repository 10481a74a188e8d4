using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Probes;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine;

/// <summary>Runs decoder layers over a batch; one instance serves all layers in turn.</summary>
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

    public DecoderLayer(ModelConfig config, int maxRows, RotaryEmbedding rotary, Kv.PagedKv kv, IExpertDispatcher? dispatcher, ComputePool pool)
    {
        _config = config;
        _pool = pool;
        _attention = new LatentAttention(config, maxRows, rotary, kv, pool);
        _mlp = new Mlp(config.HiddenSize, Math.Max(config.IntermediateSize, config.SharedIntermediateSize), maxRows, pool);
        _moe = dispatcher is null ? null : new MoeLayer(config, maxRows, _mlp, dispatcher, pool);
        _normInput = new RowWork(NormInput);
        _addAndNorm = new RowWork(AddAndNorm);
        _add = new RowWork(Add);
        _normed = Buffers.Floats("normalised rows", maxRows, config.HiddenSize);
        _part = Buffers.Floats("layer outputs", maxRows, config.HiddenSize);
    }

    /// <summary>Runs one layer on the residual stream in place.</summary>
    /// <param name="weights">the layer</param>
    /// <param name="layer">its index</param>
    /// <param name="previous">what a row that is not finite before this layer is blamed on</param>
    /// <param name="batch">rows and block tables</param>
    /// <param name="hidden">[rows, hidden]</param>
    /// <param name="probe">sees the routing</param>
    public void Forward(LayerWeights weights, int layer, int previous, StepBatch batch, float[] hidden, IStepProbe? probe)
    {
        (_weights, _batch, _hidden, _previous) = (weights, batch, hidden, previous);
        _normInput.Run(_pool, batch.Rows);
        _attention.Forward(weights, layer, batch, _normed, _part);
        _addAndNorm.Run(_pool, batch.Rows);
        if (weights.Router is null)
        {
            _mlp.Forward(weights.Mlp!, _normed, batch.Rows, _part);
        }
        else
        {
            _moe!.Forward(weights, layer, _normed, batch.Rows, _part, probe);
        }

        _add.Run(_pool, batch.Rows);
    }

    /// <summary>Writes the KV of rows without computing the layer's output.</summary>
    /// <param name="weights">the layer</param>
    /// <param name="layer">its index</param>
    /// <param name="batch">rows and block tables</param>
    /// <param name="hidden">[rows, hidden] input of the layer</param>
    public void WriteKv(LayerWeights weights, int layer, StepBatch batch, float[] hidden)
    {
        (_weights, _batch, _hidden, _previous) = (weights, batch, hidden, layer);
        _normInput.Run(_pool, batch.Rows);
        _attention.WriteKv(weights, layer, batch, _normed);
    }

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
