using OrleansServe.Engine.Memory;

namespace OrleansServe.Engine.Weights;

/// <summary>Rows on their way into the engine: in the mapped file, or in memory that is freed afterwards.</summary>
internal sealed unsafe class MatrixSource(RawMatrix matrix, NativeBuffer? buffer) : IDisposable
{
    public RawMatrix Matrix => matrix;

    public static MatrixSource Rent(bool isBFloat16, int outputs, int columns)
    {
        var buffer = new NativeBuffer((long)outputs * columns * (isBFloat16 ? sizeof(ushort) : sizeof(float)));
        return new MatrixSource(new RawMatrix(buffer.Data, isBFloat16, outputs, columns), buffer);
    }

    public void Dispose() => buffer?.Dispose();
}
