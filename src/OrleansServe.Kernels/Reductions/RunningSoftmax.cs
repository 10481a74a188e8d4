using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansServe.Kernels.Elementwise;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Reductions;

/// <summary>The numerators of a softmax whose scores come a part at a time, each relative to the largest score so far.</summary>
public static class RunningSoftmax
{
    // Four groups of lanes at once hide the latency of the exponential: a whole block of the KV cache.
    private const int Block = 4 * LaneTails.Width;

    /// <summary>Replaces scores by e^(score − max).</summary>
    /// <param name="scores">[n] changed in place</param>
    /// <param name="max">largest score before, −∞ for none; then the largest of both</param>
    /// <returns>The sum of what stands in <paramref name="scores"/> then, in the order of <see cref="Sum"/>.</returns>
    public static float Execute(Span<float> scores, ref float max)
    {
        if (scores.Length == Block)
        {
            if (Lanes512.IsSupported)
            {
                return ExecuteBlock<Lanes512>(ref MemoryMarshal.GetReference(scores), ref max);
            }

            if (Lanes256.IsSupported)
            {
                return ExecuteBlock<Lanes256>(ref MemoryMarshal.GetReference(scores), ref max);
            }
        }

        max = MathF.Max(max, Maximum.Execute(scores));
        Exponential.ExecuteShifted(scores, max, scores);
        return Sum.Execute(scores);
    }

    /// <summary>The same, bit for bit, without vector instructions.</summary>
    /// <inheritdoc cref="Execute(Span{float}, ref float)"/>
    public static float ExecuteScalar(Span<float> scores, ref float max)
    {
        max = MathF.Max(max, Maximum.ExecuteScalar(scores));
        Exponential.ExecuteShiftedScalar(scores, max, scores);
        return Sum.ExecuteScalar(scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float ExecuteBlock<TLanes>(ref float scores, ref float max)
        where TLanes : struct, ILanes<TLanes>
    {
        ref var at1 = ref Unsafe.Add(ref scores, LaneTails.Width);
        ref var at2 = ref Unsafe.Add(ref scores, 2 * LaneTails.Width);
        ref var at3 = ref Unsafe.Add(ref scores, 3 * LaneTails.Width);
        TLanes a = TLanes.Load(ref scores), b = TLanes.Load(ref at1), c = TLanes.Load(ref at2), d = TLanes.Load(ref at3);
        max = MathF.Max(max, Maximum.Among(TLanes.Max(TLanes.Max(a, b), TLanes.Max(c, d))));
        var shift = TLanes.Broadcast(max);
        a = Exponential.Lanes(TLanes.Subtract(a, shift));
        b = Exponential.Lanes(TLanes.Subtract(b, shift));
        c = Exponential.Lanes(TLanes.Subtract(c, shift));
        d = Exponential.Lanes(TLanes.Subtract(d, shift));
        TLanes.Store(a, ref scores);
        TLanes.Store(b, ref at1);
        TLanes.Store(c, ref at2);
        TLanes.Store(d, ref at3);
        return TLanes.Sum(TLanes.Add(TLanes.Add(TLanes.Add(TLanes.Add(TLanes.Zero, a), b), c), d));
    }
}
