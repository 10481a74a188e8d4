using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Products;

/// <summary>
/// y = x · Wᵀ for the [out, in] matrices of checkpoints. Each output is one sum over the columns in an order that depends on
/// their number only: a row's result is the same bits alone or among others, and for any cut of the outputs between threads.
/// </summary>
public static class MatMul
{
    // Rows that stay in the second-level cache while all outputs pass by: each weight comes from memory once per so many bytes of rows.
    private const int RowBlockBytes = 512 * 1024;

    /// <summary>Multiplies by bf16 weights, widened in registers.</summary>
    /// <param name="x">[rows, columns], rows <paramref name="xStride"/> apart</param>
    /// <param name="xStride">distance of rows in x, at least columns</param>
    /// <param name="rows">number of rows</param>
    /// <param name="weight">[outputs, columns] encodings</param>
    /// <param name="columns">length of the sums</param>
    /// <param name="y">[rows, outputs], rows <paramref name="yStride"/> apart</param>
    /// <param name="yStride">distance of rows in y, at least the number of outputs</param>
    /// <exception cref="ArgumentException">A span is too short for its shape, or the weights are no whole number of rows.</exception>
    public static void Execute(ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<ushort> weight, int columns, Span<float> y, int yStride)
    {
        if (Lanes512.IsSupported)
        {
            Execute<Lanes512, BFloat16Weights, ushort>(x, xStride, rows, weight, columns, y, yStride);
        }
        else if (Lanes256.IsSupported)
        {
            Execute<Lanes256, BFloat16Weights, ushort>(x, xStride, rows, weight, columns, y, yStride);
        }
        else if (Lanes128.IsSupported)
        {
            Execute<Lanes128, BFloat16Weights, ushort>(x, xStride, rows, weight, columns, y, yStride);
        }
        else
        {
            ExecuteScalar(x, xStride, rows, weight, columns, y, yStride);
        }
    }

    /// <summary>Multiplies by fp32 weights.</summary>
    /// <param name="x">[rows, columns], rows <paramref name="xStride"/> apart</param>
    /// <param name="xStride">distance of rows in x, at least columns</param>
    /// <param name="rows">number of rows</param>
    /// <param name="weight">[outputs, columns]</param>
    /// <param name="columns">length of the sums</param>
    /// <param name="y">[rows, outputs], rows <paramref name="yStride"/> apart</param>
    /// <param name="yStride">distance of rows in y, at least the number of outputs</param>
    /// <param name="next">what will be read afterwards: it is asked for from memory meanwhile</param>
    /// <exception cref="ArgumentException">A span is too short for its shape, or the weights are no whole number of rows.</exception>
    public static void Execute(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<float> weight, int columns, Span<float> y, int yStride, ReadOnlySpan<float> next = default)
    {
        if (Lanes512.IsSupported)
        {
            Execute<Lanes512, SingleWeights, float>(x, xStride, rows, weight, columns, y, yStride, next);
        }
        else if (Lanes256.IsSupported)
        {
            Execute<Lanes256, SingleWeights, float>(x, xStride, rows, weight, columns, y, yStride, next);
        }
        else if (Lanes128.IsSupported)
        {
            Execute<Lanes128, SingleWeights, float>(x, xStride, rows, weight, columns, y, yStride, next);
        }
        else
        {
            ExecuteScalar(x, xStride, rows, weight, columns, y, yStride);
        }
    }

    /// <summary>The same, bit for bit, without vector instructions.</summary>
    /// <inheritdoc cref="Execute(ReadOnlySpan{float}, int, int, ReadOnlySpan{ushort}, int, Span{float}, int)"/>
    public static void ExecuteScalar(ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<ushort> weight, int columns, Span<float> y, int yStride) =>
        ExecuteScalar<BFloat16Weights, ushort>(x, xStride, rows, weight, columns, y, yStride);

    /// <inheritdoc cref="ExecuteScalar(ReadOnlySpan{float}, int, int, ReadOnlySpan{ushort}, int, Span{float}, int)"/>
    public static void ExecuteScalar(ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<float> weight, int columns, Span<float> y, int yStride) =>
        ExecuteScalar<SingleWeights, float>(x, xStride, rows, weight, columns, y, yStride);

    internal static void Execute<TLanes, TFormat, TElement>(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<TElement> weight, int columns, Span<float> y, int yStride, ReadOnlySpan<float> next = default)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        var outputs = Check(x.Length, xStride, rows, weight.Length, columns, y.Length, yStride);
        if (columns % LaneTails.Width != 0)
        {
            Ragged<TLanes, TFormat, TElement>(
                ref MemoryMarshal.GetReference(x), xStride, rows, ref MemoryMarshal.GetReference(weight), outputs, columns, ref MemoryMarshal.GetReference(y), yStride);
            return;
        }

        var ahead = new Upcoming(next);
        var block = Math.Max(RowBlockBytes / (columns * sizeof(float)) / 4 * 4, 4);
        for (var row = 0; row < rows; row += block)
        {
            Block<TLanes, TFormat, TElement>(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(x), (nint)row * xStride),
                xStride,
                Math.Min(block, rows - row),
                ref MemoryMarshal.GetReference(weight),
                outputs,
                columns,
                ref Unsafe.Add(ref MemoryMarshal.GetReference(y), (nint)row * yStride),
                yStride,
                ref ahead);
        }
    }

    private static void Block<TLanes, TFormat, TElement>(
        ref float x, nint xStride, int rows, ref TElement weight, int outputs, int columns, ref float y, nint yStride, ref Upcoming ahead)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        var output = 0;
        for (; output + 4 <= outputs; output += 4)
        {
            ref var w = ref Unsafe.Add(ref weight, (nint)output * columns);
            ref var to = ref Unsafe.Add(ref y, output);
            var row = 0;
            if (TLanes.HasWideTiles)
            {
                for (; row + 4 <= rows; row += 4)
                {
                    Tiles.Tile4x4<TLanes, TFormat, TElement>(ref Unsafe.Add(ref x, row * xStride), xStride, ref w, columns, ref Unsafe.Add(ref to, row * yStride), yStride, ref ahead);
                }

                for (; row + 2 <= rows; row += 2)
                {
                    Tiles.Tile2x4<TLanes, TFormat, TElement>(ref Unsafe.Add(ref x, row * xStride), xStride, ref w, columns, ref Unsafe.Add(ref to, row * yStride), yStride);
                }
            }
            else
            {
                ref var second = ref Unsafe.Add(ref w, 2 * (nint)columns);
                for (; row + 2 <= rows; row += 2)
                {
                    ref var from = ref Unsafe.Add(ref x, row * xStride);
                    ref var target = ref Unsafe.Add(ref to, row * yStride);
                    Tiles.Tile2x2<TLanes, TFormat, TElement>(ref from, xStride, ref w, columns, ref target, yStride);
                    Tiles.Tile2x2<TLanes, TFormat, TElement>(ref from, xStride, ref second, columns, ref Unsafe.Add(ref target, 2), yStride);
                }
            }

            for (; row < rows; row++)
            {
                Tiles.Tile1x4<TLanes, TFormat, TElement>(ref Unsafe.Add(ref x, row * xStride), xStride, ref w, columns, ref Unsafe.Add(ref to, row * yStride), yStride);
            }
        }

        for (; output < outputs; output++)
        {
            ref var w = ref Unsafe.Add(ref weight, (nint)output * columns);
            for (var row = 0; row < rows; row++)
            {
                Tiles.Tile1x1<TLanes, TFormat, TElement>(ref Unsafe.Add(ref x, row * xStride), xStride, ref w, columns, ref Unsafe.Add(ref y, (row * yStride) + output), yStride);
            }
        }
    }

    private static void Ragged<TLanes, TFormat, TElement>(
        ref float x, nint xStride, int rows, ref TElement weight, int outputs, int columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        for (var output = 0; output < outputs; output++)
        {
            ref var w = ref Unsafe.Add(ref weight, (nint)output * columns);
            for (var row = 0; row < rows; row++)
            {
                Unsafe.Add(ref y, (row * yStride) + output) =
                    Tiles.Ragged<TLanes, TFormat, TElement>(ref Unsafe.Add(ref x, row * xStride), ref w, columns);
            }
        }
    }

    private static void ExecuteScalar<TFormat, TElement>(
        ReadOnlySpan<float> x, int xStride, int rows, ReadOnlySpan<TElement> weight, int columns, Span<float> y, int yStride)
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        var outputs = Check(x.Length, xStride, rows, weight.Length, columns, y.Length, yStride);
        Span<float> lanes = stackalloc float[LaneTails.Width];
        for (var row = 0; row < rows; row++)
        {
            var from = x.Slice(row * xStride, columns);
            for (var output = 0; output < outputs; output++)
            {
                var w = weight.Slice(output * columns, columns);
                lanes.Clear();
                for (var i = 0; i < ScalarLanes.Padded(columns); i++)
                {
                    ref var lane = ref lanes[i % LaneTails.Width];
                    lane = MathF.FusedMultiplyAdd(ScalarLanes.At(from, i), i < columns ? TFormat.Widen(w[i]) : 0f, lane);
                }

                y[(row * yStride) + output] = ScalarLanes.Sum(lanes);
            }
        }
    }

    private static int Check(int xLength, int xStride, int rows, int weightLength, int columns, int yLength, int yStride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(xStride, columns);
        var outputs = weightLength / columns;
        ArgumentOutOfRangeException.ThrowIfLessThan(yStride, outputs);
        if (outputs * columns != weightLength)
        {
            throw new ArgumentException($"{weightLength} weights are no whole number of rows of {columns}");
        }

        if (rows > 0 && (((rows - 1L) * xStride) + columns > xLength || ((rows - 1L) * yStride) + outputs > yLength))
        {
            throw new ArgumentException($"{rows} rows do not fit into {xLength} inputs {xStride} apart and {yLength} outputs {yStride} apart");
        }

        return outputs;
    }
}
