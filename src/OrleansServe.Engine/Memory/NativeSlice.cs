using System.Buffers;
using System.Runtime.InteropServices;

namespace OrleansServe.Engine.Memory;

/// <summary>Part of a buffer outside the managed heap, for whoever takes memory. Keeps the buffer from being collected, not from being disposed: its use then throws.</summary>
/// <param name="buffer">The buffer.</param>
/// <param name="offset">First float.</param>
/// <param name="count">Floats.</param>
internal sealed unsafe class NativeSlice(NativeBuffer buffer, long offset, int count) : MemoryManager<byte>
{
    public override Span<byte> GetSpan() => MemoryMarshal.AsBytes(buffer.Floats(offset, count));

    public override MemoryHandle Pin(int elementIndex = 0) =>
        new((byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(GetSpan()[elementIndex..])), default, this);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
