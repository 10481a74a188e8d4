using OrleansServe.Policies.KvBlocks;
using Xunit;

namespace OrleansServe.UnitTests.Policies.KvBlocks;

/// <summary>A pool that is used as a prefill worker does, and what it evicts.</summary>
internal sealed class PoolProbe
{
    private readonly List<UInt128> _evicted = [];

    public PoolProbe(int count, int blockTokens)
    {
        Pool = new KvBlockPool(count, blockTokens);
        Pool.NameChanged = (name, added) => _evicted.AddRange(added ? [] : [name]);
    }

    public KvBlockPool Pool { get; }

    /// <summary>Takes a prompt in and lets it go.</summary>
    /// <returns>What had to be evicted, in that order.</returns>
    public UInt128[] Serve(params UInt128[] names)
    {
        _evicted.Clear();
        int[]? blocks = TryHold(names);
        Assert.NotNull(blocks);
        UInt128[] evicted = [.. _evicted];
        Pool.Release(blocks);
        Pool.CheckIntegrity();
        return evicted;
    }

    /// <summary>Takes a prompt in.</summary>
    /// <returns>Its blocks, or null if there is no room.</returns>
    public int[]? TryHold(UInt128[] names)
    {
        int[] blocks = new int[names.Length];
        int found = Pool.AcquirePrefix(names, blocks);
        if (!Pool.TryAllocate(blocks.AsSpan(found)))
        {
            Pool.Release(blocks.AsSpan(0, found));
            return null;
        }

        for (int i = found; i < names.Length; i++)
        {
            Pool.Publish(blocks[i], names[i]);
        }

        return blocks;
    }
}
