using OrleansServe.Engine.Memory;

namespace OrleansServe.Engine.Weights;

/// <summary>The memory of a model's weights: matrices one after the other in a few large blocks, so that small ones too lie in large pages.</summary>
/// <param name="smallestBlock">bytes of a block at least</param>
/// <param name="largestBlock">bytes that a block has at most for the sake of what is to come; what is small and given back by itself keeps to what it needs</param>
internal sealed unsafe class WeightMemory(long smallestBlock = WeightMemory.SmallestBlock, long largestBlock = WeightMemory.LargestBlock) : IDisposable
{
    private const long CacheLine = 64;
    private const long SmallestBlock = 256 << 10;
    private const long LargestBlock = 64 << 20;
    private readonly List<NativeBuffer> _blocks = [];
    private long _used;

    /// <summary>Bytes allocated so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Hands out memory, aligned to cache lines and not cleared.</summary>
    /// <exception cref="OutOfMemoryException">The machine has not that much.</exception>
    public void* Allocate(long bytes)
    {
        if (_blocks.Count == 0 || _blocks[^1].Bytes - _used < bytes)
        {
            // Blocks grow with the model: a tiny one takes little, a large one has few.
            _blocks.Add(new NativeBuffer(Math.Max(bytes, Math.Clamp(Bytes, smallestBlock, largestBlock))));
            _used = 0;
            Bytes += _blocks[^1].Bytes;
        }

        var start = (byte*)_blocks[^1].Data + _used;
        _used = Math.Min((_used + bytes + CacheLine - 1) / CacheLine * CacheLine, _blocks[^1].Bytes);
        return start;
    }

    public void Dispose() => _blocks.ForEach(block => block.Dispose());
}
