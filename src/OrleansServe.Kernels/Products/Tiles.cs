using System.Runtime.CompilerServices;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Products;

/// <summary>
/// The innermost products: some rows of x by some outputs, every sum in registers over all columns. Lane j of a sum takes
/// columns j, j + 16, … in order whatever the tile, so the tile's shape never shows in the result. Columns are a multiple of 16 but for
/// <see cref="Ragged"/>.
/// </summary>
internal static class Tiles
{
    /// <summary>1 row by 1 output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile1x1<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero;
        for (nint i = 0; i < columns; i += LaneTails.Width)
        {
            var v0 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w, i));
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, v0, s00);
        }

        y = TLanes.Sum(s00);
    }

    /// <summary>1 row by 4 outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile1x4<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        ref var w1 = ref Unsafe.Add(ref w, columns);
        ref var w2 = ref Unsafe.Add(ref w, 2 * columns);
        ref var w3 = ref Unsafe.Add(ref w, 3 * columns);
        for (nint i = 0; i < columns; i += LaneTails.Width)
        {
            Prefetch.Ahead(ref w, i + (4 * columns));
            Prefetch.Ahead(ref w1, i + (4 * columns));
            Prefetch.Ahead(ref w2, i + (4 * columns));
            Prefetch.Ahead(ref w3, i + (4 * columns));
            var v0 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w, i));
            var v1 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w1, i));
            var v2 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w2, i));
            var v3 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w3, i));
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, v0, s00);
            s01 = TLanes.MultiplyAdd(u, v1, s01);
            s02 = TLanes.MultiplyAdd(u, v2, s02);
            s03 = TLanes.MultiplyAdd(u, v3, s03);
        }

        TLanes.StoreSums(s00, s01, s02, s03, ref y);
    }

    /// <summary>2 rows by 4 outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile2x4<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        ref var x1 = ref Unsafe.Add(ref x, xStride);
        ref var w1 = ref Unsafe.Add(ref w, columns);
        ref var w2 = ref Unsafe.Add(ref w, 2 * columns);
        ref var w3 = ref Unsafe.Add(ref w, 3 * columns);
        for (nint i = 0; i < columns; i += LaneTails.Width)
        {
            Prefetch.Ahead(ref w, i + (4 * columns));
            Prefetch.Ahead(ref w1, i + (4 * columns));
            Prefetch.Ahead(ref w2, i + (4 * columns));
            Prefetch.Ahead(ref w3, i + (4 * columns));
            var v0 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w, i));
            var v1 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w1, i));
            var v2 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w2, i));
            var v3 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w3, i));
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, v0, s00);
            s01 = TLanes.MultiplyAdd(u, v1, s01);
            s02 = TLanes.MultiplyAdd(u, v2, s02);
            s03 = TLanes.MultiplyAdd(u, v3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i));
            s10 = TLanes.MultiplyAdd(u, v0, s10);
            s11 = TLanes.MultiplyAdd(u, v1, s11);
            s12 = TLanes.MultiplyAdd(u, v2, s12);
            s13 = TLanes.MultiplyAdd(u, v3, s13);
        }

        TLanes.StoreSums(s00, s01, s02, s03, ref y);
        TLanes.StoreSums(s10, s11, s12, s13, ref Unsafe.Add(ref y, yStride));
    }

    /// <summary>4 rows by 4 outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile4x4<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride, ref Upcoming upcoming)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TLanes s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TLanes s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        ref var x1 = ref Unsafe.Add(ref x, xStride);
        ref var x2 = ref Unsafe.Add(ref x, 2 * xStride);
        ref var x3 = ref Unsafe.Add(ref x, 3 * xStride);
        ref var w1 = ref Unsafe.Add(ref w, columns);
        ref var w2 = ref Unsafe.Add(ref w, 2 * columns);
        ref var w3 = ref Unsafe.Add(ref w, 3 * columns);
        var ahead = upcoming;
        for (nint i = 0; i < columns; i += LaneTails.Width)
        {
            ahead.Fetch(1);
            Prefetch.Ahead(ref w, i + (4 * columns));
            Prefetch.Ahead(ref w1, i + (4 * columns));
            Prefetch.Ahead(ref w2, i + (4 * columns));
            Prefetch.Ahead(ref w3, i + (4 * columns));
            var v0 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w, i));
            var v1 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w1, i));
            var v2 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w2, i));
            var v3 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w3, i));
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, v0, s00);
            s01 = TLanes.MultiplyAdd(u, v1, s01);
            s02 = TLanes.MultiplyAdd(u, v2, s02);
            s03 = TLanes.MultiplyAdd(u, v3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i));
            s10 = TLanes.MultiplyAdd(u, v0, s10);
            s11 = TLanes.MultiplyAdd(u, v1, s11);
            s12 = TLanes.MultiplyAdd(u, v2, s12);
            s13 = TLanes.MultiplyAdd(u, v3, s13);
            u = TLanes.Load(ref Unsafe.Add(ref x2, i));
            s20 = TLanes.MultiplyAdd(u, v0, s20);
            s21 = TLanes.MultiplyAdd(u, v1, s21);
            s22 = TLanes.MultiplyAdd(u, v2, s22);
            s23 = TLanes.MultiplyAdd(u, v3, s23);
            u = TLanes.Load(ref Unsafe.Add(ref x3, i));
            s30 = TLanes.MultiplyAdd(u, v0, s30);
            s31 = TLanes.MultiplyAdd(u, v1, s31);
            s32 = TLanes.MultiplyAdd(u, v2, s32);
            s33 = TLanes.MultiplyAdd(u, v3, s33);
        }

        upcoming = ahead;
        TLanes.StoreSums(s00, s01, s02, s03, ref y);
        TLanes.StoreSums(s10, s11, s12, s13, ref Unsafe.Add(ref y, yStride));
        TLanes.StoreSums(s20, s21, s22, s23, ref Unsafe.Add(ref y, 2 * yStride));
        TLanes.StoreSums(s30, s31, s32, s33, ref Unsafe.Add(ref y, 3 * yStride));
    }

    /// <summary>2 rows by 2 outputs, for machines with few registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile2x2<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s10 = TLanes.Zero, s11 = TLanes.Zero;
        ref var x1 = ref Unsafe.Add(ref x, xStride);
        ref var w1 = ref Unsafe.Add(ref w, columns);
        for (nint i = 0; i < columns; i += LaneTails.Width)
        {
            var v0 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w, i));
            var v1 = TFormat.Load<TLanes>(ref Unsafe.Add(ref w1, i));
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, v0, s00);
            s01 = TLanes.MultiplyAdd(u, v1, s01);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i));
            s10 = TLanes.MultiplyAdd(u, v0, s10);
            s11 = TLanes.MultiplyAdd(u, v1, s11);
        }

        y = TLanes.Sum(s00);
        Unsafe.Add(ref y, 1) = TLanes.Sum(s01);
        ref var y1 = ref Unsafe.Add(ref y, yStride);
        y1 = TLanes.Sum(s10);
        Unsafe.Add(ref y1, 1) = TLanes.Sum(s11);
    }

    /// <summary>One row by one output with any number of columns; the missing ones of the last group count as zeros.</summary>
    public static float Ragged<TLanes, TFormat, TElement>(ref float x, ref TElement w, int columns)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IWeightFormat<TElement>
        where TElement : unmanaged
    {
        // Loaded before the sum begins: a call while it is in a register would send it to the stack in every round.
        var whole = columns / LaneTails.Width * LaneTails.Width;
        var lastW = TFormat.LoadTail<TLanes>(ref Unsafe.Add(ref w, whole), columns - whole);
        var lastX = LaneTails.Load<TLanes>(ref Unsafe.Add(ref x, whole), columns - whole);
        var sum = TLanes.Zero;
        for (nint i = 0; i < whole; i += LaneTails.Width)
        {
            sum = TLanes.MultiplyAdd(TLanes.Load(ref Unsafe.Add(ref x, i)), TFormat.Load<TLanes>(ref Unsafe.Add(ref w, i)), sum);
        }

        return TLanes.Sum(TLanes.MultiplyAdd(lastX, lastW, sum));
    }
}
