using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Products;

/// <summary>
/// sum += Σ_t p[t] · row[t] for several rows of p over the same rows of values: attention's second product. Each element takes its
/// terms in ascending t with one rounding each.
/// </summary>
public static class WeightedRows
{
    /// <summary>Adds weighted rows to the sums.</summary>
    /// <param name="weights">[heads, count], rows <paramref name="weightStride"/> apart</param>
    /// <param name="weightStride">distance of rows in weights, at least count</param>
    /// <param name="values">[count, width], rows <paramref name="valueStride"/> apart</param>
    /// <param name="valueStride">distance of rows in values, at least width</param>
    /// <param name="count">terms of each sum</param>
    /// <param name="sums">[heads, width], changed in place</param>
    /// <param name="width">elements of a row</param>
    /// <param name="next">what will be read afterwards: it is asked for from memory meanwhile</param>
    /// <exception cref="ArgumentException">A span is too short for its shape.</exception>
    public static void Execute(
        ReadOnlySpan<float> weights,
        int weightStride,
        ReadOnlySpan<float> values,
        int valueStride,
        int count,
        Span<float> sums,
        int width,
        ReadOnlySpan<float> next = default)
    {
        if (Lanes512.IsSupported)
        {
            Execute<Lanes512>(weights, weightStride, values, valueStride, count, sums, width, next);
        }
        else if (Lanes256.IsSupported)
        {
            Execute<Lanes256>(weights, weightStride, values, valueStride, count, sums, width, next);
        }
        else if (Lanes128.IsSupported)
        {
            Execute<Lanes128>(weights, weightStride, values, valueStride, count, sums, width, next);
        }
        else
        {
            ExecuteScalar(weights, weightStride, values, valueStride, count, sums, width);
        }
    }

    /// <summary>The same, bit for bit, without vector instructions.</summary>
    /// <inheritdoc cref="Execute(ReadOnlySpan{float}, int, ReadOnlySpan{float}, int, int, Span{float}, int, ReadOnlySpan{float})"/>
    public static void ExecuteScalar(
        ReadOnlySpan<float> weights, int weightStride, ReadOnlySpan<float> values, int valueStride, int count, Span<float> sums, int width)
    {
        var heads = Check(weights.Length, weightStride, values.Length, valueStride, count, sums.Length, width);
        for (var head = 0; head < heads; head++)
        {
            for (var i = 0; i < width; i++)
            {
                ref var sum = ref sums[(head * width) + i];
                for (var t = 0; t < count; t++)
                {
                    sum = MathF.FusedMultiplyAdd(weights[(head * weightStride) + t], values[(t * valueStride) + i], sum);
                }
            }
        }
    }

    internal static void Execute<TLanes>(
        ReadOnlySpan<float> weights,
        int weightStride,
        ReadOnlySpan<float> values,
        int valueStride,
        int count,
        Span<float> sums,
        int width,
        ReadOnlySpan<float> next = default)
        where TLanes : struct, ILanes<TLanes>
    {
        var heads = Check(weights.Length, weightStride, values.Length, valueStride, count, sums.Length, width);
        ref var p = ref MemoryMarshal.GetReference(weights);
        ref var v = ref MemoryMarshal.GetReference(values);
        ref var s = ref MemoryMarshal.GetReference(sums);
        var ahead = new Upcoming(next);
        var head = heads / 4 * 4;
        var part = 0;
        for (; TLanes.HasWideTiles && part + (4 * LaneTails.Width) <= width; part += 4 * LaneTails.Width)
        {
            // A column of the values, narrow enough for the first-level cache, serves all heads before the next one.
            for (var i = 0; i < head; i += 4)
            {
                FourByFour<TLanes>(
                    ref Unsafe.Add(ref p, (nint)i * weightStride), weightStride, ref Unsafe.Add(ref v, part), valueStride, count, ref Unsafe.Add(ref s, ((nint)i * width) + part), width, ref ahead);
            }
        }

        for (; part + LaneTails.Width <= width; part += LaneTails.Width)
        {
            for (var i = 0; i < head; i += 4)
            {
                FourByOne<TLanes>(
                    ref Unsafe.Add(ref p, (nint)i * weightStride), weightStride, ref Unsafe.Add(ref v, part), valueStride, count, ref Unsafe.Add(ref s, ((nint)i * width) + part), width);
            }
        }

        for (var i = 0; part < width && i < head; i++)
        {
            One<TLanes>(ref Unsafe.Add(ref p, (nint)i * weightStride), ref v, valueStride, count, ref Unsafe.Add(ref s, (nint)i * width), part, width);
        }

        for (; head < heads; head++)
        {
            ref var first = ref Unsafe.Add(ref p, (nint)head * weightStride);
            ref var sum = ref Unsafe.Add(ref s, (nint)head * width);
            var i = 0;
            for (; i + (4 * LaneTails.Width) <= width; i += 4 * LaneTails.Width)
            {
                OneByFour<TLanes>(ref first, ref Unsafe.Add(ref v, i), valueStride, count, ref Unsafe.Add(ref sum, i));
            }

            for (; i < width; i += LaneTails.Width)
            {
                One<TLanes>(ref first, ref v, valueStride, count, ref sum, i, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByFour<TLanes>(
        ref float p, nint pStride, ref float v, nint vStride, int count, ref float s, nint sStride, ref Upcoming upcoming)
        where TLanes : struct, ILanes<TLanes>
    {
        ref var t0 = ref s;
        ref var t1 = ref Unsafe.Add(ref s, sStride);
        ref var t2 = ref Unsafe.Add(ref s, 2 * sStride);
        ref var t3 = ref Unsafe.Add(ref s, 3 * sStride);
        TLanes s00 = Part<TLanes>(ref t0, 0), s01 = Part<TLanes>(ref t0, 1), s02 = Part<TLanes>(ref t0, 2), s03 = Part<TLanes>(ref t0, 3);
        TLanes s10 = Part<TLanes>(ref t1, 0), s11 = Part<TLanes>(ref t1, 1), s12 = Part<TLanes>(ref t1, 2), s13 = Part<TLanes>(ref t1, 3);
        TLanes s20 = Part<TLanes>(ref t2, 0), s21 = Part<TLanes>(ref t2, 1), s22 = Part<TLanes>(ref t2, 2), s23 = Part<TLanes>(ref t2, 3);
        TLanes s30 = Part<TLanes>(ref t3, 0), s31 = Part<TLanes>(ref t3, 1), s32 = Part<TLanes>(ref t3, 2), s33 = Part<TLanes>(ref t3, 3);
        var ahead = upcoming;
        for (nint t = 0; t < count; t++)
        {
            ahead.Fetch(2);
            ref var row = ref Unsafe.Add(ref v, t * vStride);
            TLanes v0 = Part<TLanes>(ref row, 0), v1 = Part<TLanes>(ref row, 1), v2 = Part<TLanes>(ref row, 2), v3 = Part<TLanes>(ref row, 3);
            var a = TLanes.Broadcast(Unsafe.Add(ref p, t));
            s00 = TLanes.MultiplyAdd(a, v0, s00);
            s01 = TLanes.MultiplyAdd(a, v1, s01);
            s02 = TLanes.MultiplyAdd(a, v2, s02);
            s03 = TLanes.MultiplyAdd(a, v3, s03);
            a = TLanes.Broadcast(Unsafe.Add(ref p, pStride + t));
            s10 = TLanes.MultiplyAdd(a, v0, s10);
            s11 = TLanes.MultiplyAdd(a, v1, s11);
            s12 = TLanes.MultiplyAdd(a, v2, s12);
            s13 = TLanes.MultiplyAdd(a, v3, s13);
            a = TLanes.Broadcast(Unsafe.Add(ref p, (2 * pStride) + t));
            s20 = TLanes.MultiplyAdd(a, v0, s20);
            s21 = TLanes.MultiplyAdd(a, v1, s21);
            s22 = TLanes.MultiplyAdd(a, v2, s22);
            s23 = TLanes.MultiplyAdd(a, v3, s23);
            a = TLanes.Broadcast(Unsafe.Add(ref p, (3 * pStride) + t));
            s30 = TLanes.MultiplyAdd(a, v0, s30);
            s31 = TLanes.MultiplyAdd(a, v1, s31);
            s32 = TLanes.MultiplyAdd(a, v2, s32);
            s33 = TLanes.MultiplyAdd(a, v3, s33);
        }

        upcoming = ahead;
        Put(s00, s01, s02, s03, ref t0);
        Put(s10, s11, s12, s13, ref t1);
        Put(s20, s21, s22, s23, ref t2);
        Put(s30, s31, s32, s33, ref t3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByOne<TLanes>(ref float p, nint pStride, ref float v, nint vStride, nint count, ref float s, nint sStride)
        where TLanes : struct, ILanes<TLanes>
    {
        ref var t1 = ref Unsafe.Add(ref s, sStride);
        ref var t2 = ref Unsafe.Add(ref s, 2 * sStride);
        ref var t3 = ref Unsafe.Add(ref s, 3 * sStride);
        TLanes s0 = TLanes.Load(ref s), s1 = TLanes.Load(ref t1), s2 = TLanes.Load(ref t2), s3 = TLanes.Load(ref t3);
        for (nint t = 0; t < count; t++)
        {
            var row = TLanes.Load(ref Unsafe.Add(ref v, t * vStride));
            s0 = TLanes.MultiplyAdd(TLanes.Broadcast(Unsafe.Add(ref p, t)), row, s0);
            s1 = TLanes.MultiplyAdd(TLanes.Broadcast(Unsafe.Add(ref p, pStride + t)), row, s1);
            s2 = TLanes.MultiplyAdd(TLanes.Broadcast(Unsafe.Add(ref p, (2 * pStride) + t)), row, s2);
            s3 = TLanes.MultiplyAdd(TLanes.Broadcast(Unsafe.Add(ref p, (3 * pStride) + t)), row, s3);
        }

        TLanes.Store(s0, ref s);
        TLanes.Store(s1, ref t1);
        TLanes.Store(s2, ref t2);
        TLanes.Store(s3, ref t3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByFour<TLanes>(ref float p, ref float v, nint vStride, nint count, ref float s)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes s0 = Part<TLanes>(ref s, 0), s1 = Part<TLanes>(ref s, 1), s2 = Part<TLanes>(ref s, 2), s3 = Part<TLanes>(ref s, 3);
        for (nint t = 0; t < count; t++)
        {
            ref var row = ref Unsafe.Add(ref v, t * vStride);
            var a = TLanes.Broadcast(Unsafe.Add(ref p, t));
            s0 = TLanes.MultiplyAdd(a, Part<TLanes>(ref row, 0), s0);
            s1 = TLanes.MultiplyAdd(a, Part<TLanes>(ref row, 1), s1);
            s2 = TLanes.MultiplyAdd(a, Part<TLanes>(ref row, 2), s2);
            s3 = TLanes.MultiplyAdd(a, Part<TLanes>(ref row, 3), s3);
        }

        Put(s0, s1, s2, s3, ref s);
    }

    private static void One<TLanes>(ref float p, ref float v, nint vStride, int count, ref float s, int index, int width)
        where TLanes : struct, ILanes<TLanes>
    {
        var sum = LaneTails.LoadAt<TLanes>(ref s, index, width);
        for (nint t = 0; t < count; t++)
        {
            var row = LaneTails.LoadAt<TLanes>(ref Unsafe.Add(ref v, t * vStride), index, width);
            sum = TLanes.MultiplyAdd(TLanes.Broadcast(Unsafe.Add(ref p, t)), row, sum);
        }

        LaneTails.StoreAt(sum, ref s, index, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Part<TLanes>(ref float row, int part)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load(ref Unsafe.Add(ref row, part * LaneTails.Width));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<TLanes>(TLanes a, TLanes b, TLanes c, TLanes d, ref float row)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes.Store(a, ref row);
        TLanes.Store(b, ref Unsafe.Add(ref row, LaneTails.Width));
        TLanes.Store(c, ref Unsafe.Add(ref row, 2 * LaneTails.Width));
        TLanes.Store(d, ref Unsafe.Add(ref row, 3 * LaneTails.Width));
    }

    private static int Check(int weights, int weightStride, int values, int valueStride, int count, int sums, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfLessThan(weightStride, count);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueStride, width);
        var heads = sums / width;
        if (count > 0 && heads > 0 && (((heads - 1L) * weightStride) + count > weights || ((count - 1L) * valueStride) + width > values))
        {
            throw new ArgumentException($"{heads} sums of {count} rows do not fit into {weights} weights and {values} values");
        }

        return heads;
    }
}
