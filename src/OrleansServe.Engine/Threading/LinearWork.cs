using OrleansServe.Engine.Weights;

namespace OrleansServe.Engine.Threading;

/// <summary>Products of the same rows with one or more matrices, cut by outputs between threads.</summary>
internal sealed class LinearWork(ComputePool pool) : ParallelWork
{
    // Below this many multiply-adds handing a part over costs more than it saves.
    private const long SmallestPart = 64 * 1024;
    private const int PartsPerThread = 4;
    private const int Tile = 4;
    private readonly Target[] _targets = new Target[3];
    private int _count;
    private float[] _x = [];
    private int _xStride;
    private RowRange _rows;

    /// <summary>Sets the rows to multiply, [rows, xStride], and forgets earlier targets.</summary>
    public LinearWork From(float[] x, int xStride, int rows) => From(x, xStride, new RowRange(0, rows));

    /// <summary>Sets the rows of [rows, xStride] to multiply, whose products go to the same rows of the targets, and forgets earlier targets.</summary>
    public LinearWork From(float[] x, int xStride, RowRange rows)
    {
        _x = x;
        _xStride = xStride;
        _rows = rows;
        _count = 0;
        return this;
    }

    /// <summary>Adds a matrix and where its products go, [rows, yStride].</summary>
    public LinearWork To(LinearWeight weight, float[] y, int yStride)
    {
        var parts = pool.Threads * PartsPerThread;
        var smallest = Math.Max(SmallestPart / Math.Max((long)_rows.Count * weight.Columns, 1), 1);
        var size = Math.Max((weight.Outputs + parts - 1) / parts, (int)Math.Min(smallest, weight.Outputs));
        size = (size + Tile - 1) / Tile * Tile;
        var first = _count == 0 ? 0 : _targets[_count - 1].EndPart;
        _targets[_count++] = new Target(weight, y, yStride, size, first, first + ((weight.Outputs + size - 1) / size));
        return this;
    }

    public void Run() => pool.Run(this, _rows.Count == 0 ? 0 : _targets[_count - 1].EndPart);

    public override void Execute(int part, int worker)
    {
        var index = 0;
        while (part >= _targets[index].EndPart)
        {
            index++;
        }

        ref readonly var target = ref _targets[index];
        var first = (part - target.FirstPart) * target.PartSize;
        var count = Math.Min(target.PartSize, target.Weight.Outputs - first);
        target.Weight.Multiply(
            _x.AsSpan(_rows.First * _xStride), _xStride, _rows.Count, first, count, target.Y.AsSpan((_rows.First * target.YStride) + first), target.YStride);
    }

    private readonly record struct Target(LinearWeight Weight, float[] Y, int YStride, int PartSize, int FirstPart, int EndPart);
}
