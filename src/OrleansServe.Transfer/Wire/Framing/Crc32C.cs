using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>
/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) by the processor's own instruction where it has one. The instruction answers after three
/// cycles but may be started in each, so that long inputs are taken in three lanes at once and their results joined; or folded, where vectors of 512 bits can
/// (<see cref="Crc32CFolding"/>).
/// </summary>
internal static class Crc32C
{
    private const uint Polynomial = 0x82F63B78;
    private const int Lane = 2048;

    // Below this folding takes as long to begin and to end as it saves.
    private const int LongEnough = 2 * Crc32CFolding.Piece;

    private static readonly uint[] ByteTable = BuildByteTable();
    private static readonly uint[] LaneTable = BuildLaneTable();

    private static bool HasInstruction => Sse42.X64.IsSupported || Crc32.Arm64.IsSupported;

    /// <summary>The checksum of some bytes.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>The checksum of what <paramref name="crc"/> is the checksum of, followed by <paramref name="data"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        int folded = Crc32CFolding.IsSupported && data.Length >= LongEnough ? data.Length & ~(Crc32CFolding.Piece - 1) : 0;
        return folded == 0
            ? AppendByLanes(crc, data)
            : AppendByLanes(~Crc32CFolding.Append(~crc, ref MemoryMarshal.GetReference(data), folded), data[folded..]);
    }

    /// <summary>The lanes alone, as processors without wide multiplication take long inputs.</summary>
    public static uint AppendByLanes(uint crc, ReadOnlySpan<byte> data)
    {
        if (!HasInstruction)
        {
            return AppendScalar(crc, data);
        }

        uint state = ~crc;
        ref byte at = ref MemoryMarshal.GetReference(data);
        int length = data.Length;
        while (length >= 3 * Lane)
        {
            state = ThreeLanes(state, ref at);
            at = ref Unsafe.Add(ref at, 3 * Lane);
            length -= 3 * Lane;
        }

        ulong wide = state;
        for (; length >= sizeof(ulong); length -= sizeof(ulong))
        {
            wide = Step(wide, Unsafe.ReadUnaligned<ulong>(ref at));
            at = ref Unsafe.Add(ref at, sizeof(ulong));
        }

        state = (uint)wide;
        for (; length > 0; length--)
        {
            state = (state >> 8) ^ ByteTable[(byte)state ^ at];
            at = ref Unsafe.Add(ref at, 1);
        }

        return ~state;
    }

    /// <summary>The twin of <see cref="Append"/>, by a table.</summary>
    public static uint AppendScalar(uint crc, ReadOnlySpan<byte> data)
    {
        uint state = ~crc;
        foreach (byte value in data)
        {
            state = (state >> 8) ^ ByteTable[(byte)state ^ value];
        }

        return ~state;
    }

    private static uint ThreeLanes(uint state, ref byte data)
    {
        ulong first = state;
        ulong second = 0;
        ulong third = 0;
        for (int i = 0; i < Lane; i += sizeof(ulong))
        {
            first = Step(first, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref data, i)));
            second = Step(second, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref data, Lane + i)));
            third = Step(third, Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref data, (2 * Lane) + i)));
        }

        return SkipLane(SkipLane((uint)first) ^ (uint)second) ^ (uint)third;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Step(ulong state, ulong value) =>
        Sse42.X64.IsSupported ? Sse42.X64.Crc32(state, value) : Crc32.Arm64.ComputeCrc32C((uint)state, value);

    /// <summary>The state after a lane of zeros: what brings a lane's result past the lane after it.</summary>
    private static uint SkipLane(uint state) =>
        LaneTable[(byte)state]
        ^ LaneTable[256 + (byte)(state >> 8)]
        ^ LaneTable[512 + (byte)(state >> 16)]
        ^ LaneTable[768 + (byte)(state >> 24)];

    private static uint[] BuildByteTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint state = i;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) != 0 ? (state >> 1) ^ Polynomial : state >> 1;
            }

            table[i] = state;
        }

        return table;
    }

    // Zeros act linearly on the state: what they do to every state follows from what they do to its 32 bits.
    private static uint[] BuildLaneTable()
    {
        Span<uint> ofBit = stackalloc uint[32];
        for (int bit = 0; bit < 32; bit++)
        {
            uint state = 1u << bit;
            for (int i = 0; i < Lane; i++)
            {
                state = (state >> 8) ^ ByteTable[(byte)state];
            }

            ofBit[bit] = state;
        }

        uint[] table = new uint[4 * 256];
        for (int position = 0; position < 4; position++)
        {
            for (int value = 0; value < 256; value++)
            {
                uint state = 0;
                for (int bit = 0; bit < 8; bit++)
                {
                    state ^= (value >> bit & 1) != 0 ? ofBit[(position * 8) + bit] : 0;
                }

                table[(position * 256) + value] = state;
            }
        }

        return table;
    }
}
