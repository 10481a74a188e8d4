using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace OrleansServe.Kernels.Lanes;

/// <summary>
/// Hints at memory that will soon be read. They change no result and may point anywhere. With several rows in a tile a processor is too busy to look
/// far enough ahead by itself, and its own prefetching begins anew with every 4 KiB.
/// </summary>
internal static unsafe class Prefetch
{
    private const int Line = 64;
    // Bytes. Nearer comes too late, farther is gone again when it is needed.
    private const int Distance = 4096;

    /// <summary>
    /// Asks for the four groups of 32 columns that lie some way ahead of these, into the second-level cache: the first level has too few places for
    /// lines under way to keep memory busy.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Panel<TElement>(ref TElement at)
        where TElement : unmanaged
    {
        if (Sse.IsSupported)
        {
            var start = (byte*)Unsafe.AsPointer(ref at) + Distance;
            Sse.Prefetch1(start);
            Sse.Prefetch1(start + Line);
            if (Unsafe.SizeOf<TElement>() > 1)
            {
                Sse.Prefetch1(start + (2 * Line));
                Sse.Prefetch1(start + (3 * Line));
            }

            if (Unsafe.SizeOf<TElement>() > 2)
            {
                Sse.Prefetch1(start + (4 * Line));
                Sse.Prefetch1(start + (5 * Line));
                Sse.Prefetch1(start + (6 * Line));
                Sse.Prefetch1(start + (7 * Line));
            }
        }
    }

    /// <summary>Asks for the line of an element some way ahead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead<TElement>(ref TElement at, nint elements)
        where TElement : unmanaged
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref at, elements)));
        }
    }
}
