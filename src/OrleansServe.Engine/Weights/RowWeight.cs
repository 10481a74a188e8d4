using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Products;

namespace OrleansServe.Engine.Weights;

/// <summary>Rows as checkpoints have them, bf16 or fp32: for tables whose rows are looked up, and for shapes that do not divide into panels.</summary>
internal sealed unsafe class RowWeight : LinearWeight
{
    private readonly void* _data;
    private readonly bool _isBFloat16;

    // Keeps the memory alive: the model's own or the mapped checkpoint.
    private readonly object _owner;

    public RowWeight(void* data, bool isBFloat16, int outputs, int columns, object owner)
        : base(outputs, columns)
    {
        _data = data;
        _isBFloat16 = isBFloat16;
        _owner = owner;
    }

    public override void Multiply(ReadOnlySpan<float> x, int xStride, int rows, int first, int count, Span<float> y, int yStride)
    {
        if (_isBFloat16)
        {
            MatMul.Execute(x, xStride, rows, Encodings(first, count), Columns, y, yStride);
        }
        else
        {
            MatMul.Execute(x, xStride, rows, Singles(first, count), Columns, y, yStride);
        }

        GC.KeepAlive(_owner);
    }

    /// <summary>Copies one row, widened.</summary>
    public void CopyRow(int row, Span<float> destination)
    {
        if (_isBFloat16)
        {
            WidenBFloat16.Execute(Encodings(row, 1), destination);
        }
        else
        {
            Singles(row, 1).CopyTo(destination);
        }

        GC.KeepAlive(_owner);
    }

    private ReadOnlySpan<ushort> Encodings(int first, int count)
    {
        CheckRange(first, count);
        return new((ushort*)_data + ((long)first * Columns), checked(count * Columns));
    }

    private ReadOnlySpan<float> Singles(int first, int count)
    {
        CheckRange(first, count);
        return new((float*)_data + ((long)first * Columns), checked(count * Columns));
    }
}
