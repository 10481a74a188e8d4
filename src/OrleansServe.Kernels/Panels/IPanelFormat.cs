using System.Runtime.CompilerServices;
using OrleansServe.Kernels.Lanes;

namespace OrleansServe.Kernels.Panels;

/// <summary>How a panel stores one output's weights of a group of 32 columns.</summary>
/// <typeparam name="TElement">storage of one weight</typeparam>
internal interface IPanelFormat<TElement>
    where TElement : unmanaged
{
    /// <summary>Widens the weights of columns 0–15 and of columns 16–31.</summary>
    static abstract void Load<TLanes>(ref TElement group, out TLanes first, out TLanes second)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Where in a group the weight of a column stands.</summary>
    static abstract int IndexOf(int column);

    static abstract float Widen(TElement value);
}

/// <summary>fp32 in order of columns.</summary>
internal readonly struct SinglePanels : IPanelFormat<float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(ref float group, out TLanes first, out TLanes second)
        where TLanes : struct, ILanes<TLanes>
    {
        first = TLanes.Load(ref group);
        second = TLanes.Load(ref Unsafe.Add(ref group, LaneTails.Width));
    }

    public static int IndexOf(int column) => column;

    public static float Widen(float value) => value;
}

/// <summary>
/// bf16 encodings, columns j and j + 16 side by side: one shift and one mask widen both without moving anything between lanes.
/// </summary>
internal readonly struct BFloat16Panels : IPanelFormat<ushort>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(ref ushort group, out TLanes first, out TLanes second)
        where TLanes : struct, ILanes<TLanes> => TLanes.LoadPairs(ref group, out first, out second);

    public static int IndexOf(int column) => (column % LaneTails.Width * 2) + (column / LaneTails.Width);

    public static float Widen(ushort value) => Elementwise.WidenBFloat16.Scalar(value);
}

/// <summary>Signed bytes in order of columns; their scale is applied to the finished sum.</summary>
internal readonly struct Int8Panels : IPanelFormat<sbyte>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<TLanes>(ref sbyte group, out TLanes first, out TLanes second)
        where TLanes : struct, ILanes<TLanes>
    {
        first = TLanes.Load(ref group);
        second = TLanes.Load(ref Unsafe.Add(ref group, LaneTails.Width));
    }

    public static int IndexOf(int column) => column;

    public static float Widen(sbyte value) => value;
}
