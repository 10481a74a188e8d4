using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>
/// CRC-32C of long inputs by multiplication without carries: what has been read is multiplied by a power of x, modulo the polynomial, and so moved on to what comes so
/// many bytes later, to which it is added. Sixteen bytes remain whose checksum is that of all.
/// </summary>
/// <remarks>After V. Gopal et al., "Fast CRC computation for generic polynomials using PCLMULQDQ", Intel, 2009.</remarks>
internal static class Crc32CFolding
{
    /// <summary>Inputs are taken in pieces of so many bytes.</summary>
    public const int Piece = 4 * Width;

    private const int Width = 64;
    private const uint Polynomial = 0x82F63B78;

    private static readonly Vector128<ulong> By16 = Shift(128);
    private static readonly Vector128<ulong> By64 = Shift(8 * Width);
    private static readonly Vector128<ulong> By256 = Shift(8 * Piece);

    /// <summary>Whether this processor can.</summary>
    public static bool IsSupported => Pclmulqdq.V512.IsSupported && Sse42.X64.IsSupported;

    /// <summary>The state after some bytes.</summary>
    /// <param name="state">The state before them, not complemented.</param>
    /// <param name="data">[length] bytes.</param>
    /// <param name="length">A multiple of <see cref="Piece"/>, above 0.</param>
    public static uint Append(uint state, ref byte data, int length)
    {
        Vector512<ulong> first = Load(ref data, 0) ^ Vector512.CreateScalar((ulong)state);
        Vector512<ulong> second = Load(ref data, Width);
        Vector512<ulong> third = Load(ref data, 2 * Width);
        Vector512<ulong> fourth = Load(ref data, 3 * Width);
        Vector512<ulong> far = Repeat(By256);
        for (int at = Piece; at < length; at += Piece)
        {
            first = Fold(first, far, Load(ref data, at));
            second = Fold(second, far, Load(ref data, at + Width));
            third = Fold(third, far, Load(ref data, at + (2 * Width)));
            fourth = Fold(fourth, far, Load(ref data, at + (3 * Width)));
        }

        Vector512<ulong> near = Repeat(By64);
        Vector512<ulong> all = Fold(Fold(Fold(first, near, second), near, third), near, fourth);
        Vector128<ulong> left = Fold(all.GetLower().GetLower(), all.GetLower().GetUpper());
        left = Fold(Fold(left, all.GetUpper().GetLower()), all.GetUpper().GetUpper());
        return (uint)Sse42.X64.Crc32(Sse42.X64.Crc32(0, left[0]), left[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load(ref byte data, int at) => Vector512.LoadUnsafe(ref Unsafe.Add(ref data, at)).AsUInt64();

    private static Vector512<ulong> Repeat(Vector128<ulong> factors) => Vector512.Create(Vector256.Create(factors, factors), Vector256.Create(factors, factors));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Fold(Vector512<ulong> before, Vector512<ulong> factors, Vector512<ulong> next) =>
        Vector512.Xor(Vector512.Xor(Pclmulqdq.V512.CarrylessMultiply(before, factors, 0x00), Pclmulqdq.V512.CarrylessMultiply(before, factors, 0x11)), next);

    private static Vector128<ulong> Fold(Vector128<ulong> before, Vector128<ulong> next) =>
        Pclmulqdq.CarrylessMultiply(before, By16, 0x00) ^ Pclmulqdq.CarrylessMultiply(before, By16, 0x11) ^ next;

    /// <summary>
    /// What moves sixteen bytes on by so many bits: a factor for their first eight bytes, which are 64 bits further from the end than the other eight, and one for those. The order
    /// of bits is reversed, and a product of two reversed numbers comes out one bit too low.
    /// </summary>
    private static Vector128<ulong> Shift(int bits) => Vector128.Create((ulong)Power(bits + 32) << 1, (ulong)Power(bits - 32) << 1);

    /// <summary>x to a power modulo the polynomial, bits reversed.</summary>
    private static uint Power(int exponent)
    {
        uint power = 1u << 31;
        for (int i = 0; i < exponent; i++)
        {
            power = (power & 1) != 0 ? (power >> 1) ^ Polynomial : power >> 1;
        }

        return power;
    }
}
