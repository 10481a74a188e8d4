using System.Runtime.CompilerServices;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Panels;

/// <summary>
/// The products of <see cref="PanelTiles"/> for two panels that follow each other, where registers are many: with one row or two, four sums are too few to
/// keep the multipliers busy, since each addition waits for the one before. The sums are the same.
/// </summary>
internal static class PanelPairs
{
    // Longer panels come from memory, and one ascending stream is read faster than two.
    private const int MostColumns = 512;

    /// <summary>Whether panels are taken in pairs.</summary>
    public static bool Suit<TLanes>(int rows, int columns)
        where TLanes : struct, ILanes<TLanes> => TLanes.HasWideTiles && rows is (1 or 2) && columns <= MostColumns;

    /// <summary>One row or two by all panels that have a partner.</summary>
    /// <returns>The number of outputs that are done: all, or all but those of the last panel.</returns>
    public static int Execute<TLanes, TFormat, TElement>(
        ref float x, nint xStride, int rows, ref TElement panels, int outputs, int columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        const int Outputs = 2 * PanelLayout.Outputs;
        var done = 0;
        for (; done + Outputs <= outputs; done += Outputs)
        {
            ref var pair = ref Unsafe.Add(ref panels, (nint)done * columns);
            if (rows == 1)
            {
                Rows1<TLanes, TFormat, TElement>(ref x, xStride, ref pair, columns, ref Unsafe.Add(ref y, done), yStride);
            }
            else
            {
                Rows2<TLanes, TFormat, TElement>(ref x, xStride, ref pair, columns, ref Unsafe.Add(ref y, done), yStride);
            }
        }

        return done;
    }

    /// <summary>1 row by two panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s04 = TLanes.Zero, s05 = TLanes.Zero, s06 = TLanes.Zero, s07 = TLanes.Zero;
        ref var v = ref Unsafe.Add(ref w, PanelLayout.Outputs * columns);
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
            Prefetch.Panel(ref v);
            TFormat.Load(ref v, out TLanes a4, out TLanes b4);
            TFormat.Load(ref Unsafe.Add(ref v, PanelLayout.Columns), out TLanes a5, out TLanes b5);
            TFormat.Load(ref Unsafe.Add(ref v, 2 * PanelLayout.Columns), out TLanes a6, out TLanes b6);
            TFormat.Load(ref Unsafe.Add(ref v, 3 * PanelLayout.Columns), out TLanes a7, out TLanes b7);
            v = ref Unsafe.Add(ref v, PanelLayout.Outputs * PanelLayout.Columns);
            u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s04 = TLanes.MultiplyAdd(u, a4, s04);
            s05 = TLanes.MultiplyAdd(u, a5, s05);
            s06 = TLanes.MultiplyAdd(u, a6, s06);
            s07 = TLanes.MultiplyAdd(u, a7, s07);
            u = TLanes.Load(ref Unsafe.Add(ref x, i + LaneTails.Width));
            s04 = TLanes.MultiplyAdd(u, b4, s04);
            s05 = TLanes.MultiplyAdd(u, b5, s05);
            s06 = TLanes.MultiplyAdd(u, b6, s06);
            s07 = TLanes.MultiplyAdd(u, b7, s07);
        }

        TLanes.StoreSums(s00, s01, s02, s03, ref y);
        TLanes.StoreSums(s04, s05, s06, s07, ref Unsafe.Add(ref y, PanelLayout.Outputs));
    }

    /// <summary>2 rows by two panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2<TLanes, TFormat, TElement>(ref float x, nint xStride, ref TElement w, nint columns, ref float y, nint yStride)
        where TLanes : struct, ILanes<TLanes>
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s04 = TLanes.Zero, s05 = TLanes.Zero, s06 = TLanes.Zero, s07 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TLanes s14 = TLanes.Zero, s15 = TLanes.Zero, s16 = TLanes.Zero, s17 = TLanes.Zero;
        ref var x1 = ref Unsafe.Add(ref x, xStride);
        ref var v = ref Unsafe.Add(ref w, PanelLayout.Outputs * columns);
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
            Prefetch.Panel(ref v);
            TFormat.Load(ref v, out TLanes a4, out TLanes b4);
            TFormat.Load(ref Unsafe.Add(ref v, PanelLayout.Columns), out TLanes a5, out TLanes b5);
            TFormat.Load(ref Unsafe.Add(ref v, 2 * PanelLayout.Columns), out TLanes a6, out TLanes b6);
            TFormat.Load(ref Unsafe.Add(ref v, 3 * PanelLayout.Columns), out TLanes a7, out TLanes b7);
            v = ref Unsafe.Add(ref v, PanelLayout.Outputs * PanelLayout.Columns);
            u = TLanes.Load(ref Unsafe.Add(ref x, i));
            s04 = TLanes.MultiplyAdd(u, a4, s04);
            s05 = TLanes.MultiplyAdd(u, a5, s05);
            s06 = TLanes.MultiplyAdd(u, a6, s06);
            s07 = TLanes.MultiplyAdd(u, a7, s07);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i));
            s14 = TLanes.MultiplyAdd(u, a4, s14);
            s15 = TLanes.MultiplyAdd(u, a5, s15);
            s16 = TLanes.MultiplyAdd(u, a6, s16);
            s17 = TLanes.MultiplyAdd(u, a7, s17);
            u = TLanes.Load(ref Unsafe.Add(ref x, i + LaneTails.Width));
            s04 = TLanes.MultiplyAdd(u, b4, s04);
            s05 = TLanes.MultiplyAdd(u, b5, s05);
            s06 = TLanes.MultiplyAdd(u, b6, s06);
            s07 = TLanes.MultiplyAdd(u, b7, s07);
            u = TLanes.Load(ref Unsafe.Add(ref x1, i + LaneTails.Width));
            s14 = TLanes.MultiplyAdd(u, b4, s14);
            s15 = TLanes.MultiplyAdd(u, b5, s15);
            s16 = TLanes.MultiplyAdd(u, b6, s16);
            s17 = TLanes.MultiplyAdd(u, b7, s17);
        }

        TLanes.StoreSums(s00, s01, s02, s03, ref y);
        TLanes.StoreSums(s04, s05, s06, s07, ref Unsafe.Add(ref y, PanelLayout.Outputs));
        TLanes.StoreSums(s10, s11, s12, s13, ref Unsafe.Add(ref y, yStride));
        TLanes.StoreSums(s14, s15, s16, s17, ref Unsafe.Add(ref y, yStride + PanelLayout.Outputs));
    }
}
