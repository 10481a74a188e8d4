using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Reductions;

/// <summary>Largest element of a vector.</summary>
public static class Maximum
{
    /// <summary>The largest element; NaN if there is one, −∞ for an empty vector.</summary>
    /// <param name="x">[n]</param>
    public static float Execute(ReadOnlySpan<float> x) =>
        Lanes512.IsSupported ? Execute<Lanes512>(x)
        : Lanes256.IsSupported ? Execute<Lanes256>(x)
        : Lanes128.IsSupported ? Execute<Lanes128>(x)
        : ExecuteScalar(x);

    /// <summary>The same without vector instructions.</summary>
    /// <inheritdoc cref="Execute(ReadOnlySpan{float})"/>
    public static float ExecuteScalar(ReadOnlySpan<float> x)
    {
        var max = float.NegativeInfinity;
        foreach (var v in x)
        {
            max = MathF.Max(max, v);
        }

        return max;
    }

    internal static float Execute<TLanes>(ReadOnlySpan<float> x)
        where TLanes : struct, ILanes<TLanes>
    {
        ref var source = ref MemoryMarshal.GetReference(x);
        var max = TLanes.Broadcast(float.NegativeInfinity);
        var whole = x.Length / LaneTails.Width * LaneTails.Width;
        for (var i = 0; i < whole; i += LaneTails.Width)
        {
            max = TLanes.Max(max, LaneTails.LoadAt<TLanes>(ref source, i, whole));
        }

        var largest = Among(max);
        return whole == x.Length ? largest : MathF.Max(largest, ExecuteScalar(x[whole..]));
    }

    /// <summary>The largest of sixteen numbers; NaN if there is one.</summary>
    internal static float Among<TLanes>(TLanes lanes)
        where TLanes : struct, ILanes<TLanes>
    {
        Span<float> stored = stackalloc float[LaneTails.Width];
        ref var lane = ref MemoryMarshal.GetReference(stored);
        TLanes.Store(lanes, ref lane);
        var four = Vector128.Max(
            Vector128.Max(Vector128.LoadUnsafe(ref lane), Vector128.LoadUnsafe(ref lane, 4)),
            Vector128.Max(Vector128.LoadUnsafe(ref lane, 8), Vector128.LoadUnsafe(ref lane, 12)));
        var two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(two, Vector128.Shuffle(two, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
