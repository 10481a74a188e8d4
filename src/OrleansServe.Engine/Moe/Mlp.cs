using OrleansServe.Engine.Memory;
using OrleansServe.Engine.Threading;
using OrleansServe.Engine.Weights;
using OrleansServe.Kernels.Elementwise;

namespace OrleansServe.Engine.Moe;

/// <summary>Runs dense MLPs and shared experts.</summary>
internal sealed class Mlp
{
    private readonly ComputePool _pool;
    private readonly int _hidden;
    private readonly LinearWork _linear;
    private readonly RowWork _activate;
    private readonly float[] _gate;
    private readonly float[] _up;
    private int _inner;

    /// <param name="hidden">floats of a row</param>
    /// <param name="inner">largest inner width</param>
    /// <param name="maxRows">most rows at once</param>
    /// <param name="pool">threads</param>
    public Mlp(int hidden, int inner, int maxRows, ComputePool pool)
    {
        _pool = pool;
        _hidden = hidden;
        _linear = new LinearWork(pool);
        _activate = new RowWork(Activate);
        _gate = Buffers.Floats("MLP", maxRows, inner);
        _up = Buffers.Floats("MLP", maxRows, inner);
    }

    /// <summary>Computes y = down(silu(gate(x)) · up(x)).</summary>
    /// <param name="weights">the matrices</param>
    /// <param name="x">[rows, hidden]</param>
    /// <param name="rows">which rows</param>
    /// <param name="y">[rows, hidden]; not <paramref name="x"/></param>
    public void Forward(MlpWeights weights, float[] x, RowRange rows, float[] y)
    {
        _inner = weights.Inner;
        _linear.From(x, _hidden, rows).To(weights.Gate, _gate, _inner).To(weights.Up, _up, _inner).Run();
        _activate.Run(_pool, rows);
        _linear.From(_gate, _inner, rows).To(weights.Down, y, _hidden).Run();
    }

    private void Activate(int first, int end, int worker)
    {
        var gate = _gate.AsSpan(first * _inner, (end - first) * _inner);
        SwiGlu.Execute(gate, _up.AsSpan(first * _inner, gate.Length), gate);
    }
}
