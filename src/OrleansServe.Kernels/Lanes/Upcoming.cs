using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace OrleansServe.Kernels.Lanes;

/// <summary>
/// Memory that is read soon, asked for a little at a time while the processor computes something else. A hint: it changes no result, and memory that
/// moves meanwhile only makes it useless.
/// </summary>
internal unsafe ref struct Upcoming
{
    private const int Line = 64;
    private byte* _at;
    private byte* _end;

    public Upcoming(ReadOnlySpan<float> memory)
    {
        _at = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory));
        _end = _at + ((long)memory.Length * sizeof(float));
    }

    /// <summary>Begins at an element, with nothing to ask for yet.</summary>
    public static Upcoming From<TElement>(ref TElement first)
        where TElement : unmanaged
    {
        var at = (byte*)Unsafe.AsPointer(ref first);
        return new Upcoming { _at = at, _end = at };
    }

    /// <summary>Goes on up to an element.</summary>
    public void Until<TElement>(ref TElement end)
        where TElement : unmanaged => _end = (byte*)Unsafe.AsPointer(ref end);

    /// <summary>Asks for the next lines into the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fetch(int lines)
    {
        for (; lines > 0 && _at < _end; lines--)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch1(_at);
            }

            _at += Line;
        }
    }
}
