using OrleansServe.Engine.Weights;

namespace OrleansServe.UnitTests.Engine.Moe;

/// <summary>A matrix that counts how often each of its outputs' weights are gone through, and for how many rows.</summary>
internal sealed class CountingWeight(LinearWeight inner) : LinearWeight(inner.Outputs, inner.Columns)
{
    private readonly int[] _passes = new int[inner.Outputs];
    private readonly int[] _rows = new int[inner.Outputs];

    /// <summary>[outputs] products with each output's weights.</summary>
    public IReadOnlyList<int> Passes => _passes;

    /// <summary>[outputs] rows of these products together.</summary>
    public IReadOnlyList<int> Rows => _rows;

    public override void Multiply(ReadOnlySpan<float> x, int xStride, int rows, int first, int count, Span<float> y, int yStride)
    {
        for (var output = first; output < first + count; output++)
        {
            Interlocked.Increment(ref _passes[output]);
            Interlocked.Add(ref _rows[output], rows);
        }

        inner.Multiply(x, xStride, rows, first, count, y, yStride);
    }
}
