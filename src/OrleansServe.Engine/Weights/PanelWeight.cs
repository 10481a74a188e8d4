using OrleansServe.Kernels.Panels;

namespace OrleansServe.Engine.Weights;

/// <summary>A matrix in panels (<see cref="PanelLayout"/>): what a step's time goes into.</summary>
/// <param name="data">[outputs / 4, columns / 32, 4, 32] bf16, fp32 or signed bytes</param>
/// <param name="elementBytes">2, 4 or 1: which of these</param>
/// <param name="scales">[outputs] of signed bytes; else empty</param>
/// <param name="outputs">number of outputs</param>
/// <param name="columns">length of a sum</param>
/// <param name="owner">keeps the memory alive</param>
internal sealed unsafe class PanelWeight(void* data, int elementBytes, float[] scales, int outputs, int columns, WeightMemory owner)
    : LinearWeight(outputs, columns)
{
    public override void Multiply(ReadOnlySpan<float> x, int xStride, int rows, int first, int count, Span<float> y, int yStride)
    {
        CheckRange(first, count);
        if (first % PanelLayout.Outputs != 0)
        {
            throw new ArgumentException($"output {first} does not begin a panel", nameof(first));
        }

        var start = (byte*)data + ((long)first * Columns * elementBytes);
        var length = checked(count * Columns);
        switch (elementBytes)
        {
            case sizeof(sbyte):
                PanelMatMul.Execute(x, xStride, rows, new ReadOnlySpan<sbyte>(start, length), scales.AsSpan(first, count), Columns, y, yStride);
                break;
            case sizeof(ushort):
                PanelMatMul.Execute(x, xStride, rows, new ReadOnlySpan<ushort>(start, length), Columns, y, yStride);
                break;
            default:
                PanelMatMul.Execute(x, xStride, rows, new ReadOnlySpan<float>(start, length), Columns, y, yStride);
                break;
        }

        GC.KeepAlive(owner);
    }
}
