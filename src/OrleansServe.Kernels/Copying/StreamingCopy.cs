using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OrleansServe.Kernels.Copying;

/// <summary>
/// Copies to memory that nobody reads soon, past the processor's caches: what is to be overwritten need not be fetched first, and what is in the caches stays there.
/// </summary>
public static class StreamingCopy
{
    private const int Line = 64;

    // Below this the caches take it in anyway, and an ordinary copy begins sooner.
    private const int LongEnough = 16 * 1024;

    /// <summary>Copies. When it returns, other threads see the bytes as after any copy.</summary>
    /// <param name="source">[n] bytes.</param>
    /// <param name="destination">[≥ n] bytes; must not overlap <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException">The destination is shorter.</exception>
    public static unsafe void Execute(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length < LongEnough || !Vector256.IsHardwareAccelerated || !Sse.IsSupported)
        {
            ExecuteScalar(source, destination);
            return;
        }

        if (destination.Length < source.Length)
        {
            throw new ArgumentException($"{source.Length} bytes do not fit into {destination.Length}", nameof(destination));
        }

        // Pinned: a line that has been found must stay one.
        fixed (byte* from = source, to = destination)
        {
            int head = (int)(-(nint)to & (Line - 1));
            int lines = (source.Length - head) & ~(Line - 1);
            source[..head].CopyTo(destination);
            if (Vector512.IsHardwareAccelerated)
            {
                for (int at = head; at < head + lines; at += Line)
                {
                    Vector512.Load(from + at).StoreAlignedNonTemporal(to + at);
                }
            }
            else
            {
                for (int at = head; at < head + lines; at += Line)
                {
                    Vector256<byte> low = Vector256.Load(from + at);
                    Vector256<byte> high = Vector256.Load(from + at + (Line / 2));
                    low.StoreAlignedNonTemporal(to + at);
                    high.StoreAlignedNonTemporal(to + at + (Line / 2));
                }
            }

            // Such stores may be seen behind those that come after them.
            Sse.StoreFence();
            source[(head + lines)..].CopyTo(destination[(head + lines)..]);
        }
    }

    /// <summary>The twin of <see cref="Execute"/>, by way of the caches.</summary>
    /// <param name="source">[n] bytes.</param>
    /// <param name="destination">[≥ n] bytes.</param>
    /// <exception cref="ArgumentException">The destination is shorter.</exception>
    public static void ExecuteScalar(ReadOnlySpan<byte> source, Span<byte> destination) => source.CopyTo(destination);
}
