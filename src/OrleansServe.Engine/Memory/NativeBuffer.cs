using System.Runtime.InteropServices;

namespace OrleansServe.Engine.Memory;

/// <summary>Memory outside the managed heap, of any size, aligned to cache lines; large ones lie in large pages.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int CacheLine = 64;
    private void* _data;

    /// <exception cref="OutOfMemoryException">The machine has not that much.</exception>
    public NativeBuffer(long bytes, bool clear = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        Bytes = bytes;
        var large = bytes >= HugePages.Size;
        _data = NativeMemory.AlignedAlloc(checked((nuint)bytes), large ? HugePages.Size : (nuint)CacheLine);
        if (large)
        {
            HugePages.Ask(_data, (nuint)bytes);
        }

        if (clear)
        {
            NativeMemory.Clear(_data, (nuint)bytes);
        }
    }

    ~NativeBuffer() => Free();

    public long Bytes { get; }

    public void* Data => _data;

    public Span<float> Floats(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((offset + count) * sizeof(float), Bytes);
        ObjectDisposedException.ThrowIf(_data is null, this);
        return new Span<float>((float*)_data + offset, count);
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_data);
        _data = null;
    }
}
