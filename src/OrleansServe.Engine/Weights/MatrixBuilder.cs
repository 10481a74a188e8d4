using System.Runtime.InteropServices;
using OrleansServe.Kernels.Panels;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Engine.Weights;

/// <summary>
/// Copies a matrix into panels, quantised where that is asked for. A shape that does not divide into panels (no published model has one)
/// keeps its rows and its numbers.
/// </summary>
internal sealed unsafe class MatrixBuilder(WeightMemory memory, WeightFormat format)
{
    // Outputs that one thread orders at a time.
    private const int Slice = 64 * PanelLayout.Outputs;

    /// <param name="source">the matrix</param>
    /// <param name="unit">outputs that must begin a panel of their own: a head's, where heads are computed one by one</param>
    /// <param name="cancellation">abandons the copy</param>
    public LinearWeight Build(RawMatrix source, int unit, CancellationToken cancellation)
    {
        if (!PanelLayout.Fits(unit, source.Columns))
        {
            var copy = memory.Allocate(source.Bytes);
            NativeMemory.Copy(source.Data, copy, checked((nuint)source.Bytes));
            return new RowWeight(copy, source.IsBFloat16, source.Outputs, source.Columns, memory);
        }

        var elementBytes = format == WeightFormat.Int8 ? sizeof(sbyte) : source.ElementBytes;
        var data = (byte*)memory.Allocate((long)source.Outputs * source.Columns * elementBytes);
        var scales = format == WeightFormat.Int8 ? new float[source.Outputs] : [];
        var slices = (source.Outputs + Slice - 1) / Slice;
        Parallel.For(0, slices, new ParallelOptions { CancellationToken = cancellation }, slice =>
        {
            var first = slice * Slice;
            var count = Math.Min(Slice, source.Outputs - first);
            var target = data + ((long)first * source.Columns * elementBytes);
            if (format == WeightFormat.Int8)
            {
                Quantize(source, first, count, new Span<sbyte>(target, count * source.Columns), scales.AsSpan(first, count));
            }
            else if (source.IsBFloat16)
            {
                PanelLayout.Pack(source.Encodings(first, count), source.Columns, new Span<ushort>(target, count * source.Columns));
            }
            else
            {
                PanelLayout.Pack(source.Singles(first, count), source.Columns, new Span<float>(target, count * source.Columns));
            }
        });
        return new PanelWeight(data, elementBytes, scales, source.Outputs, source.Columns, memory);
    }

    private static void Quantize(RawMatrix source, int first, int count, Span<sbyte> panels, Span<float> scales)
    {
        var columns = source.Columns;
        var wide = new float[columns];
        var bytes = new sbyte[PanelLayout.Outputs * columns];
        for (var output = 0; output < count; output += PanelLayout.Outputs)
        {
            for (var place = 0; place < PanelLayout.Outputs; place++)
            {
                source.Widen(first + output + place, wide);
                scales[output + place] = Int8Quantizer.Row(wide, bytes.AsSpan(place * columns, columns));
            }

            PanelLayout.Pack(bytes, columns, panels.Slice(output * columns, PanelLayout.Outputs * columns));
        }
    }
}
