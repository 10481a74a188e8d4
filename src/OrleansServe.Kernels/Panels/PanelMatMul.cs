using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Panels;

/// <summary>
/// y = x · Wᵀ for matrices in panels (<see cref="PanelLayout"/>). The sums have the order of <see cref="Products.MatMul"/> and therefore its
/// bits: a row's result is the same alone or among others, and for any cut of the panels between threads.
/// </summary>
public static class PanelMatMul
{
    private const int PanelBlockBytes = 64 * 1024;
    private const int Group = PanelLayout.Outputs * PanelLayout.Columns;
    private const int LineBytes = 64;

    // How far the first panels are asked for ahead of their use.
    private const int LeadBytes = 4096;

    /// <summary>Multiplies by bf16 weights, widened in registers.</summary>
    /// <param name="x">[rows, columns], rows <paramref name="xStride"/> apart</param>
    /// <param name="xStride">distance of rows in x, at least columns</param>
    /// <param name="rows">number of rows</param>
    /// <param name="panels">[outputs / 4, columns / 32, 4, 32] encodings</param>
    /// <param name="columns">length of the sums</param>
    /// <param name="y">[rows, outputs], rows <paramref name="yStride"/> apart</param>
    /// <param name="yStride">distance of rows in y, at least the number of outputs</param>
    /// <exception cref="ArgumentException">A span is too short for its shape, or the weights are no whole panels.</exception>
    public static void Execute(ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<ushort> panels, int columns, Span<float> y, int yStride) =>
        Dispatch<BFloat16Panels, ushort>(x, xStride, rows, panels, [], columns, y, yStride);

    /// <summary>Multiplies by fp32 weights.</summary>
    /// <inheritdoc cref="Execute(ReadOnlySpan{float}, int, int, ReadOnlySpan{ushort}, int, Span{float}, int)"/>
    public static void Execute(ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<float> panels, int columns, Span<float> y, int yStride) =>
        Dispatch<SinglePanels, float>(x, xStride, rows, panels, [], columns, y, yStride);

    /// <summary>Multiplies by signed bytes, widened in registers, and each finished sum by its output's scale.</summary>
    /// <param name="x">[rows, columns], rows <paramref name="xStride"/> apart</param>
    /// <param name="xStride">distance of rows in x, at least columns</param>
    /// <param name="rows">number of rows</param>
    /// <param name="panels">[outputs / 4, columns / 32, 4, 32]</param>
    /// <param name="scales">[outputs]</param>
    /// <param name="columns">length of the sums</param>
    /// <param name="y">[rows, outputs], rows <paramref name="yStride"/> apart</param>
    /// <param name="yStride">distance of rows in y, at least the number of outputs</param>
    /// <exception cref="ArgumentException">A span is too short for its shape, or the weights are no whole panels.</exception>
    public static void Execute(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<sbyte> panels, ReadOnlySpan<float> scales, int columns, Span<float> y, int yStride) =>
        Dispatch<Int8Panels, sbyte>(x, xStride, rows, panels, Required(scales), columns, y, yStride);

    /// <summary>The same, bit for bit, without vector instructions.</summary>
    /// <inheritdoc cref="Execute(ReadOnlySpan{float}, int, int, ReadOnlySpan{ushort}, int, Span{float}, int)"/>
    public static void ExecuteScalar(ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<ushort> panels, int columns, Span<float> y, int yStride) =>
        ExecuteScalar<BFloat16Panels, ushort>(x, xStride, rows, panels, [], columns, y, yStride);

    /// <inheritdoc cref="ExecuteScalar(ReadOnlySpan{float}, int, int, ReadOnlySpan{ushort}, int, Span{float}, int)"/>
    public static void ExecuteScalar(ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<float> panels, int columns, Span<float> y, int yStride) =>
        ExecuteScalar<SinglePanels, float>(x, xStride, rows, panels, [], columns, y, yStride);

    /// <summary>The same, bit for bit, without vector instructions.</summary>
    /// <inheritdoc cref="Execute(ReadOnlySpan{float}, int, int, ReadOnlySpan{sbyte}, ReadOnlySpan{float}, int, Span{float}, int)"/>
    public static void ExecuteScalar(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<sbyte> panels, ReadOnlySpan<float> scales, int columns, Span<float> y, int yStride) =>
        ExecuteScalar<Int8Panels, sbyte>(x, xStride, rows, panels, Required(scales), columns, y, yStride);

    internal static void Execute<TLanes, TFormat, TElement>(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<TElement> panels, ReadOnlySpan<float> scales, int columns, Span<float> y, int yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        var outputs = Check(x.Length, xStride, rows, panels.Length, scales.Length, columns, y.Length, yStride);
        if (PanelPairs.Suit<TLanes>(rows, columns))
        {
            var paired = PanelPairs.Execute<TLanes, TFormat, TElement>(
                ref MemoryMarshal.GetReference(x), xStride, rows, ref MemoryMarshal.GetReference(panels), outputs, columns, ref MemoryMarshal.GetReference(y), yStride);
            for (var output = 0; scales.Length > 0 && output < paired; output += PanelLayout.Outputs)
            {
                Scale(ref Unsafe.Add(ref MemoryMarshal.GetReference(y), output), yStride, rows, Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(scales), (nuint)output));
            }

            outputs -= paired;
            panels = panels[(paired * columns)..];
            scales = scales.Length > 0 ? scales[paired..] : scales;
            y = y[paired..];
        }

        ref var from = ref MemoryMarshal.GetReference(panels);
        for (var row = 0; outputs > 0 && row < rows; row += RowBlock(columns))
        {
            Block<TLanes, TFormat, TElement>(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(x), (nint)row * xStride),
                xStride,
                Math.Min(RowBlock(columns), rows - row),
                ref from,
                scales,
                outputs,
                columns,
                ref Unsafe.Add(ref MemoryMarshal.GetReference(y), (nint)row * yStride),
                yStride);
        }
    }

    private static void Dispatch<TFormat, TElement>(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<TElement> panels, ReadOnlySpan<float> scales, int columns, Span<float> y, int yStride)
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        if (Lanes512.IsSupported)
        {
            Execute<Lanes512, TFormat, TElement>(x, xStride, rows, panels, scales, columns, y, yStride);
        }
        else if (Lanes256.IsSupported)
        {
            Execute<Lanes256, TFormat, TElement>(x, xStride, rows, panels, scales, columns, y, yStride);
        }
        else if (Lanes128.IsSupported)
        {
            Execute<Lanes128, TFormat, TElement>(x, xStride, rows, panels, scales, columns, y, yStride);
        }
        else
        {
            ExecuteScalar<TFormat, TElement>(x, xStride, rows, panels, scales, columns, y, yStride);
        }
    }

    // Rows that stay in the second-level cache while all panels pass by: each weight comes from memory once per so many.
    private static int RowBlock(int columns) => Math.Max(512 * 1024 / (columns * sizeof(float)) / 4 * 4, 4);

    // Some panels stay in the second-level cache while rows pass by four at a time, which stay in the first; the next panels come from memory meanwhile.
    private static void Block<TLanes, TFormat, TElement>(
        ref float x, nint xStride, int rows, ref TElement panels, ReadOnlySpan<float> scales, int outputs, int columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        var most = TLanes.HasWideTiles ? 4 : 2;
        var tiles = (rows + most - 1) / most;
        var size = tiles == 1 ? outputs : Math.Max(PanelBlockBytes / (columns * Unsafe.SizeOf<TElement>() * PanelLayout.Outputs), 1) * PanelLayout.Outputs;
        var lines = ((Group * Unsafe.SizeOf<TElement>() / LineBytes) + tiles - 1) / tiles;
        var ahead = Upcoming.From(ref Unsafe.Add(ref panels, LeadBytes / Unsafe.SizeOf<TElement>()));
        for (var first = 0; first < outputs; first += size)
        {
            var end = Math.Min(first + size, outputs);
            ahead.Until(ref Unsafe.Add(ref panels, (nint)Math.Min(end + size, outputs) * columns));
            for (var row = 0; row < rows; row += most)
            {
                var count = Math.Min(most, rows - row);
                for (var output = first; output < end; output += PanelLayout.Outputs)
                {
                    ref var to = ref Unsafe.Add(ref y, (row * yStride) + output);
                    Tile<TLanes, TFormat, TElement>(
                        ref Unsafe.Add(ref x, row * xStride), xStride, count, ref Unsafe.Add(ref panels, (nint)output * columns), columns, ref to, yStride, ref ahead, lines);
                    if (scales.Length > 0)
                    {
                        Scale(ref to, yStride, count, Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(scales), (nuint)output));
                    }
                }
            }
        }
    }

    private static void Tile<TLanes, TFormat, TElement>(
        ref float x, nint xStride, int rows, ref TElement panel, int columns, ref float y, nint yStride, ref Upcoming ahead, int lines)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        switch (rows)
        {
            case 4:
                PanelTiles.Rows4<TLanes, TFormat, TElement>(ref x, xStride, ref panel, columns, ref y, yStride, ref ahead, lines);
                break;
            case 3:
                PanelTiles.Rows3<TLanes, TFormat, TElement>(ref x, xStride, ref panel, columns, ref y, yStride);
                break;
            case 2:
                PanelTiles.Rows2<TLanes, TFormat, TElement>(ref x, xStride, ref panel, columns, ref y, yStride);
                break;
            default:
                PanelTiles.Rows1<TLanes, TFormat, TElement>(ref x, xStride, ref panel, columns, ref y, yStride);
                break;
        }
    }

    private static void Scale(ref float y, nint yStride, int rows, Vector128<float> scales)
    {
        for (var row = 0; row < rows; row++, y = ref Unsafe.Add(ref y, yStride))
        {
            (Vector128.LoadUnsafe(ref y) * scales).StoreUnsafe(ref y);
        }
    }

    private static void ExecuteScalar<TFormat, TElement>(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<TElement> panels, ReadOnlySpan<float> scales, int columns, Span<float> y, int yStride)
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        var outputs = Check(x.Length, xStride, rows, panels.Length, scales.Length, columns, y.Length, yStride);
        Span<float> lanes = stackalloc float[LaneTails.Width];
        for (var row = 0; row < rows; row++)
        {
            for (var output = 0; output < outputs; output++)
            {
                var place = output % PanelLayout.Outputs;
                var w = panels[(((output - place) * columns) + (place * PanelLayout.Columns))..];
                lanes.Clear();
                for (var i = 0; i < columns; i++)
                {
                    var column = i % PanelLayout.Columns;
                    var weight = TFormat.Widen(w[((i - column) * PanelLayout.Outputs) + TFormat.IndexOf(column)]);
                    ref var lane = ref lanes[i % LaneTails.Width];
                    lane = MathF.FusedMultiplyAdd(x[(row * xStride) + i], weight, lane);
                }

                var sum = ScalarLanes.Sum(lanes);
                y[(row * yStride) + output] = scales.Length > 0 ? sum * scales[output] : sum;
            }
        }
    }

    private static ReadOnlySpan<float> Required(ReadOnlySpan<float> scales) =>
        scales.Length > 0 ? scales : throw new ArgumentException("no scales were given", nameof(scales));

    private static int Check(int xLength, int xStride, int rows, int weights, int scales, int columns, int yLength, int yStride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(xStride, columns);
        var outputs = weights / columns;
        ArgumentOutOfRangeException.ThrowIfLessThan(yStride, outputs);
        if (columns % PanelLayout.Columns != 0 || outputs % PanelLayout.Outputs != 0 || outputs * columns != weights)
        {
            throw new ArgumentException($"{weights} weights in rows of {columns} are no whole panels");
        }

        if (scales > 0 && scales != outputs)
        {
            throw new ArgumentException($"{scales} scales for {outputs} outputs");
        }

        if (rows > 0 && (((rows - 1L) * xStride) + columns > xLength || ((rows - 1L) * yStride) + outputs > yLength))
        {
            throw new ArgumentException($"{rows} rows do not fit into {xLength} inputs {xStride} apart and {yLength} outputs {yStride} apart");
        }

        return outputs;
    }
}
