using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansServe.Kernels.Lanes;

/// <summary>One 512-bit register.</summary>
internal readonly struct Lanes512 : ILanes<Lanes512>
{
    private readonly Vector512<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes512(Vector512<float> v) => _v = v;

    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;

    public static bool HasWideTiles => true;

    public static Lanes512 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref float source) => new(Vector512.LoadUnsafe(ref source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref ushort source) =>
        new((Widen(Vector256.LoadUnsafe(ref source)) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref sbyte source)
    {
        var bytes = Vector128.LoadUnsafe(ref source);
        return new(Vector512.ConvertToSingle(
            Avx512F.IsSupported
                ? Avx512F.ConvertToVector512Int32(bytes)
                : Vector512.Create(Vector256.Create(First(bytes), Second(bytes)), Vector256.Create(Third(bytes), Fourth(bytes)))));

        static Vector128<int> First(Vector128<sbyte> v) => Vector128.WidenLower(Vector128.WidenLower(v));
        static Vector128<int> Second(Vector128<sbyte> v) => Vector128.WidenUpper(Vector128.WidenLower(v));
        static Vector128<int> Third(Vector128<sbyte> v) => Vector128.WidenLower(Vector128.WidenUpper(v));
        static Vector128<int> Fourth(Vector128<sbyte> v) => Vector128.WidenUpper(Vector128.WidenUpper(v));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPairs(ref ushort source, out Lanes512 first, out Lanes512 second)
    {
        var pairs = Vector512.LoadUnsafe(ref source).AsUInt32();
        first = new((pairs << 16).AsSingle());
        second = new((pairs & Vector512.Create(0xFFFF0000u)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, ref float destination) => value._v.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.FusedMultiplyAdd(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 a, Lanes512 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Subtract(Lanes512 a, Lanes512 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Multiply(Lanes512 a, Lanes512 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Divide(Lanes512 a, Lanes512 b) => new(a._v / b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.Max(a._v, b._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SelectLess(Lanes512 a, Lanes512 b, Lanes512 yes, Lanes512 no) =>
        new(Vector512.ConditionalSelect(Vector512.LessThan(a._v, b._v), yes._v, no._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 ScaleByLowBits(Lanes512 value, Lanes512 shifted) =>
        new((value._v.AsInt32() + (shifted._v.AsInt32() << 23)).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SwapPairs(Lanes512 value) =>
        new(Vector512.Shuffle(value._v, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 value) => Lanes256.Tree(value._v.GetLower() + value._v.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(Lanes512 a, Lanes512 b, Lanes512 c, Lanes512 d, ref float destination) =>
        Lanes256.Tree(
            a._v.GetLower() + a._v.GetUpper(),
            b._v.GetLower() + b._v.GetUpper(),
            c._v.GetLower() + c._v.GetUpper(),
            d._v.GetLower() + d._v.GetUpper()).StoreUnsafe(ref destination);

    // The portable form is there so that this width can be tested anywhere; it compiles to more instructions.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector256<ushort> value) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int32(value)
            : Vector512.Create(Vector256.WidenLower(value), Vector256.WidenUpper(value)).AsInt32();
}
