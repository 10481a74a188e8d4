using System.Runtime.CompilerServices;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Panels;

/// <summary>
/// The innermost products: some rows of x by a panel, every sum in registers over all columns. Lane j of a sum takes
/// columns j, j + 16, … in order whatever the number of rows, so that number never shows in the result.
/// </summary>
internal static class PanelTiles
{
    /// <summary>1 row by a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        for (nint i = 0; i < columns; i += PanelLayout.Columns)
        {
            Prefetch.Panel(ref w);
            TFormat.Load(ref w, out TLanes a0, out TLanes b0);
            TFormat.Load(ref Unsafe.Add(ref w, PanelLayout.Columns), out TLanes a1, out TLanes b1);
            TFormat.Load(ref Unsafe.Add(ref w, 2 * PanelLayout.Columns), out TLanes a2, out TLanes b2);
            TFormat.Load(ref Unsafe.Add(ref w, 3 * PanelLayout.Columns), out TLanes a3, out TLanes b3);
            w = ref Unsafe.Add(ref w, PanelLayout.Outputs * PanelLayout.Columns);
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, a0, s00);
            s01 = TLanes.MultiplyAdd(u, a1, s01);
            s02 = TLanes.MultiplyAdd(u, a2, s02);
            s03 = TLanes.MultiplyAdd(u, a3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x, i + LaneTails.Width));
            s00 = TLanes.MultiplyAdd(u, b0, s00);
            s01 = TLanes.MultiplyAdd(u, b1, s01);
            s02 = TLanes.MultiplyAdd(u, b2, s02);
            s03 = TLanes.MultiplyAdd(u, b3, s03);
        }

        TLanes.StoreSums(s00, s01, s02, s03, ref y);
    }

    /// <summary>2 rows by a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        ref var x1 = ref Unsafe.Add(ref x, xStride);
        for (nint i = 0; i < columns; i += PanelLayout.Columns)
        {
            Prefetch.Panel(ref w);
            TFormat.Load(ref w, out TLanes a0, out TLanes b0);
            TFormat.Load(ref Unsafe.Add(ref w, PanelLayout.Columns), out TLanes a1, out TLanes b1);
            TFormat.Load(ref Unsafe.Add(ref w, 2 * PanelLayout.Columns), out TLanes a2, out TLanes b2);
            TFormat.Load(ref Unsafe.Add(ref w, 3 * PanelLayout.Columns), out TLanes a3, out TLanes b3);
            w = ref Unsafe.Add(ref w, PanelLayout.Outputs * PanelLayout.Columns);
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, a0, s00);
            s01 = TLanes.MultiplyAdd(u, a1, s01);
            s02 = TLanes.MultiplyAdd(u, a2, s02);
            s03 = TLanes.MultiplyAdd(u, a3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i));
            s10 = TLanes.MultiplyAdd(u, a0, s10);
            s11 = TLanes.MultiplyAdd(u, a1, s11);
            s12 = TLanes.MultiplyAdd(u, a2, s12);
            s13 = TLanes.MultiplyAdd(u, a3, s13);
            u = TLanes.Load(ref Unsafe.Add(ref x, i + LaneTails.Width));
            s00 = TLanes.MultiplyAdd(u, b0, s00);
            s01 = TLanes.MultiplyAdd(u, b1, s01);
            s02 = TLanes.MultiplyAdd(u, b2, s02);
            s03 = TLanes.MultiplyAdd(u, b3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i + LaneTails.Width));
            s10 = TLanes.MultiplyAdd(u, b0, s10);
            s11 = TLanes.MultiplyAdd(u, b1, s11);
            s12 = TLanes.MultiplyAdd(u, b2, s12);
            s13 = TLanes.MultiplyAdd(u, b3, s13);
        }

        TLanes.StoreSums(s00, s01, s02, s03, ref y);
        TLanes.StoreSums(s10, s11, s12, s13, ref Unsafe.Add(ref y, yStride));
    }

    /// <summary>3 rows by a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows3<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TLanes s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        ref var x1 = ref Unsafe.Add(ref x, xStride);
        ref var x2 = ref Unsafe.Add(ref x, 2 * xStride);
        for (nint i = 0; i < columns; i += PanelLayout.Columns)
        {
            Prefetch.Panel(ref w);
            TFormat.Load(ref w, out TLanes a0, out TLanes b0);
            TFormat.Load(ref Unsafe.Add(ref w, PanelLayout.Columns), out TLanes a1, out TLanes b1);
            TFormat.Load(ref Unsafe.Add(ref w, 2 * PanelLayout.Columns), out TLanes a2, out TLanes b2);
            TFormat.Load(ref Unsafe.Add(ref w, 3 * PanelLayout.Columns), out TLanes a3, out TLanes b3);
            w = ref Unsafe.Add(ref w, PanelLayout.Outputs * PanelLayout.Columns);
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, a0, s00);
            s01 = TLanes.MultiplyAdd(u, a1, s01);
            s02 = TLanes.MultiplyAdd(u, a2, s02);
            s03 = TLanes.MultiplyAdd(u, a3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i));
            s10 = TLanes.MultiplyAdd(u, a0, s10);
            s11 = TLanes.MultiplyAdd(u, a1, s11);
            s12 = TLanes.MultiplyAdd(u, a2, s12);
            s13 = TLanes.MultiplyAdd(u, a3, s13);
            u = TLanes.Load(ref Unsafe.Add(ref x2, i));
            s20 = TLanes.MultiplyAdd(u, a0, s20);
            s21 = TLanes.MultiplyAdd(u, a1, s21);
            s22 = TLanes.MultiplyAdd(u, a2, s22);
            s23 = TLanes.MultiplyAdd(u, a3, s23);
            u = TLanes.Load(ref Unsafe.Add(ref x, i + LaneTails.Width));
            s00 = TLanes.MultiplyAdd(u, b0, s00);
            s01 = TLanes.MultiplyAdd(u, b1, s01);
            s02 = TLanes.MultiplyAdd(u, b2, s02);
            s03 = TLanes.MultiplyAdd(u, b3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i + LaneTails.Width));
            s10 = TLanes.MultiplyAdd(u, b0, s10);
            s11 = TLanes.MultiplyAdd(u, b1, s11);
            s12 = TLanes.MultiplyAdd(u, b2, s12);
            s13 = TLanes.MultiplyAdd(u, b3, s13);
            u = TLanes.Load(ref Unsafe.Add(ref x2, i + LaneTails.Width));
            s20 = TLanes.MultiplyAdd(u, b0, s20);
            s21 = TLanes.MultiplyAdd(u, b1, s21);
            s22 = TLanes.MultiplyAdd(u, b2, s22);
            s23 = TLanes.MultiplyAdd(u, b3, s23);
        }

        TLanes.StoreSums(s00, s01, s02, s03, ref y);
        TLanes.StoreSums(s10, s11, s12, s13, ref Unsafe.Add(ref y, yStride));
        TLanes.StoreSums(s20, s21, s22, s23, ref Unsafe.Add(ref y, 2 * yStride));
    }

    /// <summary>4 rows by a panel; asks meanwhile for some lines of what comes next with every 32 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride, ref Upcoming upcoming, int lines)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TLanes s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TLanes s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        ref var x1 = ref Unsafe.Add(ref x, xStride);
        ref var x2 = ref Unsafe.Add(ref x, 2 * xStride);
        ref var x3 = ref Unsafe.Add(ref x, 3 * xStride);
        var ahead = upcoming;
        for (nint i = 0; i < columns; i += PanelLayout.Columns)
        {
            ahead.Fetch(lines);
            TFormat.Load(ref w, out TLanes a0, out TLanes b0);
            TFormat.Load(ref Unsafe.Add(ref w, PanelLayout.Columns), out TLanes a1, out TLanes b1);
            TFormat.Load(ref Unsafe.Add(ref w, 2 * PanelLayout.Columns), out TLanes a2, out TLanes b2);
            TFormat.Load(ref Unsafe.Add(ref w, 3 * PanelLayout.Columns), out TLanes a3, out TLanes b3);
            w = ref Unsafe.Add(ref w, PanelLayout.Outputs * PanelLayout.Columns);
            var u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s00 = TLanes.MultiplyAdd(u, a0, s00);
            s01 = TLanes.MultiplyAdd(u, a1, s01);
            s02 = TLanes.MultiplyAdd(u, a2, s02);
            s03 = TLanes.MultiplyAdd(u, a3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i));
            s10 = TLanes.MultiplyAdd(u, a0, s10);
            s11 = TLanes.MultiplyAdd(u, a1, s11);
            s12 = TLanes.MultiplyAdd(u, a2, s12);
            s13 = TLanes.MultiplyAdd(u, a3, s13);
            u = TLanes.Load(ref Unsafe.Add(ref x2, i));
            s20 = TLanes.MultiplyAdd(u, a0, s20);
            s21 = TLanes.MultiplyAdd(u, a1, s21);
            s22 = TLanes.MultiplyAdd(u, a2, s22);
            s23 = TLanes.MultiplyAdd(u, a3, s23);
            u = TLanes.Load(ref Unsafe.Add(ref x3, i));
            s30 = TLanes.MultiplyAdd(u, a0, s30);
            s31 = TLanes.MultiplyAdd(u, a1, s31);
            s32 = TLanes.MultiplyAdd(u, a2, s32);
            s33 = TLanes.MultiplyAdd(u, a3, s33);
            u = TLanes.Load(ref Unsafe.Add(ref x, i + LaneTails.Width));
            s00 = TLanes.MultiplyAdd(u, b0, s00);
            s01 = TLanes.MultiplyAdd(u, b1, s01);
            s02 = TLanes.MultiplyAdd(u, b2, s02);
            s03 = TLanes.MultiplyAdd(u, b3, s03);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i + LaneTails.Width));
            s10 = TLanes.MultiplyAdd(u, b0, s10);
            s11 = TLanes.MultiplyAdd(u, b1, s11);
            s12 = TLanes.MultiplyAdd(u, b2, s12);
            s13 = TLanes.MultiplyAdd(u, b3, s13);
            u = TLanes.Load(ref Unsafe.Add(ref x2, i + LaneTails.Width));
            s20 = TLanes.MultiplyAdd(u, b0, s20);
            s21 = TLanes.MultiplyAdd(u, b1, s21);
            s22 = TLanes.MultiplyAdd(u, b2, s22);
            s23 = TLanes.MultiplyAdd(u, b3, s23);
            u = TLanes.Load(ref Unsafe.Add(ref x3, i + LaneTails.Width));
            s30 = TLanes.MultiplyAdd(u, b0, s30);
            s31 = TLanes.MultiplyAdd(u, b1, s31);
            s32 = TLanes.MultiplyAdd(u, b2, s32);
            s33 = TLanes.MultiplyAdd(u, b3, s33);
        }

        upcoming = ahead;
        TLanes.StoreSums(s00, s01, s02, s03, ref y);
        TLanes.StoreSums(s10, s11, s12, s13, ref Unsafe.Add(ref y, yStride));
        TLanes.StoreSums(s20, s21, s22, s23, ref Unsafe.Add(ref y, 2 * yStride));
        TLanes.StoreSums(s30, s31, s32, s33, ref Unsafe.Add(ref y, 3 * yStride));
    }
}
