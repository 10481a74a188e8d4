using OrleansServe.Kernels.Elementwise;

namespace OrleansServe.Engine.Weights;

/// <summary>[outputs, columns] rows of bf16 or fp32 somewhere in memory.</summary>
internal readonly unsafe struct RawMatrix(void* data, bool isBFloat16, int outputs, int columns)
{
    public void* Data => data;

    public bool IsBFloat16 => isBFloat16;

    public int Outputs => outputs;

    public int Columns => columns;

    public int ElementBytes => isBFloat16 ? sizeof(ushort) : sizeof(float);

    public long Bytes => (long)outputs * columns * ElementBytes;

    public ReadOnlySpan<ushort> Encodings(int first, int count) => new((ushort*)Row(first), checked(count * columns));

    public ReadOnlySpan<float> Singles(int first, int count) => new((float*)Row(first), checked(count * columns));

    /// <summary>Widens one row.</summary>
    public void Widen(int row, Span<float> destination)
    {
        if (isBFloat16)
        {
            WidenBFloat16.Execute(Encodings(row, 1), destination);
        }
        else
        {
            Singles(row, 1).CopyTo(destination);
        }
    }

    /// <summary>Copies rows to rows of another matrix of the same kind.</summary>
    public void Copy(int first, int count, RawMatrix target, int targetRow) =>
        Buffer.MemoryCopy(Row(first), target.Row(targetRow), target.Bytes - ((long)targetRow * target.Columns * ElementBytes), (long)count * columns * ElementBytes);

    /// <summary>Copies rows to columns: target row t + c takes column c, for all of them.</summary>
    public void Transpose(int first, int count, RawMatrix target, int targetRow)
    {
        for (var i = 0; i < count; i++)
        {
            for (var column = 0; column < columns; column++)
            {
                if (isBFloat16)
                {
                    ((ushort*)target.Row(targetRow + column))[i] = ((ushort*)Row(first + i))[column];
                }
                else
                {
                    ((float*)target.Row(targetRow + column))[i] = ((float*)Row(first + i))[column];
                }
            }
        }
    }

    private byte* Row(int row) => (byte*)data + ((long)row * columns * ElementBytes);
}
