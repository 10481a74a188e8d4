using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Overlap;
using OrleansServe.Engine.Probes;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Reductions;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;
using OrleansServe.Model.NumberFormats;

namespace OrleansServe.Engine.Moe;

/// <summary>
/// A mixture of experts: the router picks, the dispatcher computes the routed experts wherever they are, the shared ones are computed
/// here meanwhile, and the outputs are added in ascending order of expert id, so that placement leaves no trace.
/// </summary>
internal sealed class MoeLayer
{
    private readonly ModelConfig _config;
    private readonly ComputePool _pool;
    private readonly IExpertDispatcher[] _dispatchers;
    private readonly ExpertCompute[] _computes;
    private readonly Mlp _shared;
    private readonly LinearWork _linear;
    private readonly RowWork _route;
    private readonly RowWork _combine;
    private readonly RowWork _round;
    private readonly ExpertRowFormat _format;
    private readonly float[] _rounded;
    private readonly int _experts;
    private readonly int _topK;
    private readonly float[] _scores;
    private readonly float[] _choice;
    private readonly float[] _groups;
    private readonly int[] _ids;
    private readonly float[] _weights;
    private readonly float[] _routed;
    private RouterWeights? _router;
    private float[] _x = [];
    private float[] _y = [];

    /// <param name="config">the model</param>
    /// <param name="maxRows">[microbatches] most rows of each; those of the first are the most of a step</param>
    /// <param name="shared">computes shared experts</param>
    /// <param name="dispatchers">[microbatches] computes routed experts</param>
    /// <param name="format">numbers in which rows go to routed experts</param>
    /// <param name="pool">threads</param>
    public MoeLayer(ModelConfig config, int[] maxRows, Mlp shared, IExpertDispatcher[] dispatchers, ExpertRowFormat format, ComputePool pool)
    {
        _format = format;
        _config = config;
        _pool = pool;
        _dispatchers = dispatchers;
        _computes = [.. maxRows.Select(rows => new ExpertCompute(config, rows, pool))];
        _shared = shared;
        _experts = config.NRoutedExperts ?? 0;
        _topK = config.NumExpertsPerTok;
        _linear = new LinearWork(pool);
        _route = new RowWork(RouteRows);
        _combine = new RowWork(CombineRows);
        _round = new RowWork(RoundRows);
        _rounded = Buffers.Floats("rounded rows", format == ExpertRowFormat.Exact ? 0 : maxRows[0], config.HiddenSize);
        _scores = Buffers.Floats("router scores", maxRows[0], _experts);
        _choice = Buffers.Floats("router choices", pool.Threads, _experts);
        _groups = Buffers.Floats("router groups", pool.Threads, config.NGroup);
        _ids = new int[Buffers.Length("expert ids", maxRows[0], _topK)];
        _weights = Buffers.Floats("expert weights", maxRows[0], _topK);
        _routed = Buffers.Floats("expert outputs", (long)maxRows[0] * _topK, config.HiddenSize);
    }

    /// <summary>Whether rows of the microbatch dispatched last have left for elsewhere.</summary>
    public bool IsAway(int microbatch) => _dispatchers[microbatch].IsAway;

    /// <summary>Chooses the experts of some rows.</summary>
    /// <param name="at">rows and layer</param>
    /// <param name="x">[rows, hidden] normalised input</param>
    /// <param name="probe">sees scores, ids and weights</param>
    public void Route(in LayerRows at, float[] x, IStepProbe? probe)
    {
        _router = at.Weights.Router!;
        _linear.From(x, _config.HiddenSize, at.Rows).To(_router.Gate, _scores, _experts).Run();
        _route.Run(_pool, at.Rows);
        probe?.Routing(at.Layer, Of(_scores, at.Rows, _experts).Span, Of(_ids, at.Rows, _topK).Span, Of(_weights, at.Rows, _topK).Span);
    }

    /// <summary>Hands rows that were routed to the dispatcher.</summary>
    /// <param name="at">rows and layer</param>
    /// <param name="x">[rows, hidden] normalised input; to be left as it is until the rows are back</param>
    public void Dispatch(in LayerRows at, float[] x)
    {
        var compute = _computes[at.Microbatch];
        if (_format != ExpertRowFormat.Exact)
        {
            // Here, not on the way: rows of experts at hand are rounded as those of others are.
            _x = x;
            _round.Run(_pool, at.Rows);
            x = _rounded;
        }

        var work = new ExpertWork
        {
            Layer = at.Layer,
            Rows = at.Rows.Count,
            TopK = _topK,
            Hidden = _config.HiddenSize,
            Format = _format,
            Input = Of(x, at.Rows, _config.HiddenSize),
            ExpertIds = Of(_ids, at.Rows, _topK),
            Output = Of(_routed, at.Rows, _topK * _config.HiddenSize),
            Compute = compute,
        };
        compute.Begin(work);
        _dispatchers[at.Microbatch].Begin(work);
    }

    /// <summary>Computes the shared experts, and the routed ones at hand, of rows that were dispatched.</summary>
    /// <param name="at">rows and layer</param>
    /// <param name="x">[rows, hidden] normalised input</param>
    /// <param name="y">[rows, hidden] output</param>
    public void ComputeLocal(in LayerRows at, float[] x, float[] y)
    {
        if (at.Weights.Mlp is { } shared)
        {
            _shared.Forward(shared, x, at.Rows, y);
        }
        else
        {
            Of(y, at.Rows, _config.HiddenSize).Span.Clear();
        }

        _dispatchers[at.Microbatch].ComputeLocal();
    }

    /// <summary>Waits for the rows and adds the routed experts' outputs.</summary>
    /// <param name="at">rows and layer</param>
    /// <param name="y">[rows, hidden] output, not yet added to the residual stream</param>
    public void Combine(in LayerRows at, float[] y)
    {
        _y = y;
        _dispatchers[at.Microbatch].Complete();
        _combine.Run(_pool, at.Rows);
    }

    /// <summary>Waits for rows whose outputs nobody wants any more.</summary>
    public void Settle(int microbatch) => _dispatchers[microbatch].Complete();

    private static Memory<T> Of<T>(T[] values, RowRange rows, int width) => values.AsMemory(rows.First * width, rows.Count * width);

    private void RouteRows(int first, int end, int worker)
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

    private void RoundRows(int first, int end, int worker)
    {
        var hidden = _config.HiddenSize;
        for (var row = first; row < end; row++)
        {
            Float8Rows.Round(_x.AsSpan(row * hidden, hidden), _rounded.AsSpan(row * hidden, hidden));
        }
    }

    private void CombineRows(int first, int end, int worker)
    {
        var hidden = _config.HiddenSize;
        for (var slot = first * _topK; slot < end * _topK; slot++)
        {
            var routed = _routed.AsSpan(slot * hidden, hidden);
            if (_format != ExpertRowFormat.Exact)
            {
                BFloat16.Round(routed);
            }

            ScaledAdd.Execute(_weights[slot], routed, _y.AsSpan(slot / _topK * hidden, hidden));
        }
    }
}
