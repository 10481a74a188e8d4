using OrleansServe.Engine.Attention;
using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Strands;

/// <summary>
/// A step of few rows on a small model: too small for its products to be shared, one behind the other, it is divided by rows instead. Each thread takes its
/// rows through all layers, and threads meet only where a row attends to one before it.
/// </summary>
internal sealed class StrandWork : ParallelWork, IDisposable
{
    private readonly ComputePool _pool;
    private readonly StrandOrder _order;
    private readonly Strand[] _strands;
    private readonly int[] _firsts;
    private LayerWeights[] _layers = [];
    private StepBatch? _step;
    private float[] _hidden = [];

    /// <param name="config">the model</param>
    /// <param name="maxRows">most rows of a step</param>
    /// <param name="rotary">position embedding</param>
    /// <param name="kv">cached rows</param>
    /// <param name="dispatchers">[strands] computes routed experts; null for a model without them</param>
    /// <param name="format">how rows go to their experts</param>
    /// <param name="pool">threads</param>
    public StrandWork(ModelConfig config, int maxRows, RotaryEmbedding rotary, PagedKv kv, IExpertDispatcher?[] dispatchers, ExpertRowFormat format, ComputePool pool)
    {
        _pool = pool;
        MostRows = maxRows;
        _order = new StrandOrder(dispatchers.Length, pool.Looks);
        var most = (maxRows + dispatchers.Length - 1) / dispatchers.Length;
        _strands = [.. dispatchers.Select((dispatcher, i) => new Strand(i, _order, config, most, rotary, kv, dispatcher is null ? [] : [dispatcher], format))];
        _firsts = new int[_strands.Length + 1];
    }

    /// <summary>Most rows of a step.</summary>
    public int MostRows { get; }

    /// <summary>Runs the main model's layers.</summary>
    /// <param name="layers">the layers</param>
    /// <param name="step">the step</param>
    /// <param name="hidden">[rows, hidden] residual stream, in place</param>
    public void Run(LayerWeights[] layers, StepBatch step, float[] hidden)
    {
        (_layers, _step, _hidden) = (layers, step, hidden);
        var strands = Math.Min(_strands.Length, step.Rows);
        _order.Begin();
        for (var i = 0; i < strands; i++)
        {
            _firsts[i + 1] = (int)((long)step.Rows * (i + 1) / strands);
            var (first, earliest) = (_firsts[i], i);

            // Rows of a sequence follow each other: only the first of these can have begun in another strand.
            while (earliest > 0 && step.Sequences[_firsts[earliest] - 1] == step.Sequences[first])
            {
                earliest--;
            }

            _strands[i].Take(step, first, _firsts[i + 1] - first, earliest);
        }

        _pool.Share(this, strands);
    }

    public override void Execute(int part, int worker) => _strands[part].Run(_layers, _step!, _firsts[part], _hidden);

    public void Dispose() => Array.ForEach(_strands, strand => strand.Dispose());
}
