using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Probes;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Engine.Moe;

/// <summary>
/// A mixture of experts: the router picks, the dispatcher computes the routed experts wherever they are, the shared ones are computed
/// here meanwhile, and the outputs are added in ascending order of expert id, so that placement leaves no trace.
/// </summary>
internal sealed class MoeLayer
{
    private readonly ModelConfig _config;
    private readonly ComputePool _pool;
    private readonly IExpertDispatcher _dispatcher;
    private readonly ExpertCompute _compute;
    private readonly Mlp _shared;
    private readonly LinearWork _linear;
    private readonly RowWork _route;
    private readonly RowWork _combine;
    private readonly int _experts;
    private readonly int _topK;
    private readonly float[] _scores;
    private readonly float[] _choice;
    private readonly float[] _groups;
    private readonly int[] _ids;
    private readonly float[] _weights;
    private readonly float[] _routed;
    private RouterWeights? _router;
    private float[] _y = [];

    public MoeLayer(ModelConfig config, int maxRows, Mlp shared, IExpertDispatcher dispatcher, ComputePool pool)
    {
        _config = config;
        _pool = pool;
        _dispatcher = dispatcher;
        _compute = new ExpertCompute(config, maxRows, pool);
        _shared = shared;
        _experts = config.NRoutedExperts ?? 0;
        _topK = config.NumExpertsPerTok;
        _linear = new LinearWork(pool);
        _route = new RowWork(Route);
        _combine = new RowWork(Combine);
        _scores = Buffers.Floats("router scores", maxRows, _experts);
        _choice = Buffers.Floats("router choices", pool.Threads, _experts);
        _groups = Buffers.Floats("router groups", pool.Threads, config.NGroup);
        _ids = new int[Buffers.Length("expert ids", maxRows, _topK)];
        _weights = Buffers.Floats("expert weights", maxRows, _topK);
        _routed = Buffers.Floats("expert outputs", (long)maxRows * _topK, config.HiddenSize);
    }

    /// <summary>Computes the layer's MLP part.</summary>
    /// <param name="weights">the layer</param>
    /// <param name="layer">its index</param>
    /// <param name="x">[rows, hidden] normalised input</param>
    /// <param name="rows">number of rows</param>
    /// <param name="y">[rows, hidden] output, not yet added to the residual stream</param>
    /// <param name="probe">sees scores, ids and weights</param>
    public void Forward(LayerWeights weights, int layer, float[] x, int rows, float[] y, IStepProbe? probe)
    {
        (_router, _y) = (weights.Router, y);
        _linear.From(x, _config.HiddenSize, rows).To(weights.Router!.Gate, _scores, _experts).Run();
        _route.Run(_pool, rows);
        probe?.Routing(layer, _scores.AsSpan(0, rows * _experts), _ids.AsSpan(0, rows * _topK), _weights.AsSpan(0, rows * _topK));

        var work = new ExpertWork
        {
            Layer = layer,
            Rows = rows,
            TopK = _topK,
            Hidden = _config.HiddenSize,
            Input = x.AsMemory(0, rows * _config.HiddenSize),
            ExpertIds = _ids.AsMemory(0, rows * _topK),
            Output = _routed.AsMemory(0, rows * _topK * _config.HiddenSize),
            Compute = _compute,
        };
        _compute.Begin(work);
        _dispatcher.Begin(work);
        if (weights.Mlp is { } shared)
        {
            _shared.Forward(shared, x, rows, y);
        }
        else
        {
            Array.Clear(y, 0, rows * _config.HiddenSize);
        }

        _dispatcher.Complete();
        _combine.Run(_pool, rows);
    }

    private void Route(int first, int end, int worker)
    {
        for (var row = first; row < end; row++)
        {
            var scores = _scores.AsSpan(row * _experts, _experts);
            if (_config.ScoringFunction == ScoringFunction.Sigmoid)
            {
                Sigmoid.Execute(scores, scores);
            }
            else
            {
                Softmax.Execute(scores, scores);
            }

            ExpertChoice.Choose(
                _config,
                scores,
                _router!.Bias,
                _choice.AsSpan(worker * _experts, _experts),
                _groups.AsSpan(worker * _config.NGroup, _config.NGroup),
                _ids.AsSpan(row * _topK, _topK),
                _weights.AsSpan(row * _topK, _topK));
        }
    }

    private void Combine(int first, int end, int worker)
    {
        var hidden = _config.HiddenSize;
        for (var slot = first * _topK; slot < end * _topK; slot++)
        {
            ScaledAdd.Execute(_weights[slot], _routed.AsSpan(slot * hidden, hidden), _y.AsSpan(slot / _topK * hidden, hidden));
        }
    }
}
