using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Strands;

/// <summary>Takes some rows of a step through all layers on one thread, with scratch memory of its own.</summary>
internal sealed class Strand : IDisposable
{
    private readonly int _index;
    private readonly StrandOrder _order;
    private readonly ComputePool _alone = new(1);
    private readonly StepBatch _batch;
    private readonly DecoderLayer _layer;
    private readonly float[] _rows;
    private readonly int _hidden;
    private readonly Action<int> _kvWritten;
    private int _earliest;

    /// <param name="index">which strand of a step</param>
    /// <param name="order">of all strands</param>
    /// <param name="config">the model</param>
    /// <param name="maxRows">most rows</param>
    /// <param name="rotary">position embedding</param>
    /// <param name="kv">cached rows</param>
    /// <param name="dispatchers">computes routed experts for this strand alone; none for a model without them</param>
    /// <param name="format">how rows go to their experts</param>
    public Strand(
        int index, StrandOrder order, ModelConfig config, int maxRows, RotaryEmbedding rotary, PagedKv kv, IExpertDispatcher[] dispatchers, ExpertRowFormat format)
    {
        (_index, _order, _hidden) = (index, order, config.HiddenSize);
        _batch = new StepBatch(maxRows, rotary);
        _layer = new DecoderLayer(config, [maxRows], rotary, kv, dispatchers, format, _alone);
        _rows = Buffers.Floats("residual stream of a strand", maxRows, _hidden);
        _kvWritten = KvWritten;
    }

    /// <summary>Sets the rows to compute.</summary>
    /// <param name="step">the step</param>
    /// <param name="first">first row</param>
    /// <param name="count">number of rows</param>
    /// <param name="earliest">the first strand with rows that these attend to; its own index for none</param>
    public void Take(StepBatch step, int first, int count, int earliest)
    {
        _earliest = earliest;
        _batch.Load(step, first, count, _kvWritten);
    }

    /// <summary>Runs the layers.</summary>
    /// <param name="layers">of the main model</param>
    /// <param name="step">whose rows were taken; learns which are not finite</param>
    /// <param name="first">first row</param>
    /// <param name="hidden">[rows of the step, hidden] residual stream; the rows of this strand are replaced</param>
    public void Run(LayerWeights[] layers, StepBatch step, int first, float[] hidden)
    {
        var rows = hidden.AsSpan(first * _hidden, _batch.Rows * _hidden);
        rows.CopyTo(_rows);
        try
        {
            for (var layer = 0; layer < layers.Length; layer++)
            {
                _layer.Forward(layers[layer], layer, layer - 1, _batch, _rows, probe: null);
            }
        }
        finally
        {
            // Whoever waits for a strand that failed would wait for ever.
            _order.Wrote(_index, int.MaxValue);
        }

        _rows.AsSpan(0, rows.Length).CopyTo(rows);
        _batch.BadLayer.AsSpan(0, _batch.Rows).CopyTo(step.BadLayer.AsSpan(first));
    }

    public void Dispose() => _alone.Dispose();

    private void KvWritten(int layer)
    {
        _order.Wrote(_index, layer + 1);
        _order.Await(_earliest, _index, layer + 1);
    }
}
