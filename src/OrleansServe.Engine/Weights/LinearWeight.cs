namespace OrleansServe.Engine.Weights;

/// <summary>An [outputs, columns] matrix in some number format and order.</summary>
internal abstract class LinearWeight(int outputs, int columns)
{
    public int Outputs { get; } = outputs;

    public int Columns { get; } = columns;

    /// <summary>Some outputs of y = x · Wᵀ.</summary>
    /// <param name="x">[rows, columns], rows <paramref name="xStride"/> apart</param>
    /// <param name="xStride">distance of rows in x</param>
    /// <param name="rows">number of rows</param>
    /// <param name="first">first output, a multiple of 4</param>
    /// <param name="count">number of outputs, a multiple of 4 unless it reaches the last</param>
    /// <param name="y">[rows, count], rows <paramref name="yStride"/> apart</param>
    /// <param name="yStride">distance of rows in y</param>
    public abstract void Multiply(ReadOnlySpan<float> x, int xStride, int rows, int first, int count, Span<float> y, int yStride);

    protected void CheckRange(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Outputs - count);
    }
}
