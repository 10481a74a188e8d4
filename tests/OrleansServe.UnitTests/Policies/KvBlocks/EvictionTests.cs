using OrleansServe.Policies.KvBlocks;
using Xunit;

namespace OrleansServe.UnitTests.Policies.KvBlocks;

public sealed class EvictionTests
{
    // With blocks of 1,024 tokens a turn has three.
    private const int BlockTokens = 1024;

    [Fact]
    public void Evict_ConversationThatWentOn_OutlivesNewerPrompts()
    {
        PoolProbe probe = new(8, BlockTokens);
        probe.Serve(1, 2);
        probe.Serve(1, 2, 3);
        probe.Serve(11, 12);
        probe.Serve(21, 22);
        Assert.Equal<UInt128>([12, 11], probe.Serve(31, 32, 33));
    }

    [Fact]
    public void Evict_ConversationLeftForLong_GoesInTheEnd()
    {
        PoolProbe probe = new(8, BlockTokens);
        probe.Serve(1, 2);
        probe.Serve(1, 2, 3);
        List<UInt128> evicted = [];
        for (uint prompt = 1; prompt < 20; prompt++)
        {
            evicted.AddRange(probe.Serve(prompt * 100, (prompt * 100) + 1));
        }

        Assert.Equal<UInt128>([3, 2, 1], evicted.Where(name => name < 10));
    }

    [Fact]
    public void Evict_MuchNewTextBehindAKnownPrefix_GoesBeforeOlderPrompts()
    {
        PoolProbe probe = new(12, BlockTokens);
        probe.Serve(11, 12);
        probe.Serve(1, 2);
        probe.Serve(1, 2, 3, 4, 5, 6);
        Assert.Equal<UInt128>([6, 5, 4], probe.Serve(21, 22, 23, 24, 25, 26, 27));
    }

    [Fact]
    public void Evict_PromptThatCameBackTooLate_IsKeptLikeAConversation()
    {
        PoolProbe probe = new(5, BlockTokens);
        probe.Serve(1, 2);
        Assert.Equal<UInt128>([2, 1], probe.Serve(11, 12, 13, 14, 15));
        probe.Serve(1, 2);
        probe.Serve(21, 22);
        Assert.Equal<UInt128>([11, 22], probe.Serve(31, 32));
    }

    [Fact]
    public void Evict_SharedPrefix_StaysWhileAnythingBuiltOnItDoes()
    {
        PoolProbe probe = new(6, BlockTokens);
        probe.Serve(1, 2, 3);
        probe.Serve(11);
        probe.Serve(1, 22);
        Assert.Equal<UInt128>([3, 2, 11, 22, 1], probe.Serve(31, 32, 33, 34, 35, 36));
    }

    [Fact]
    public void Release_OlderTwinEvictedMeanwhile_TakesItsNameOver()
    {
        KvBlockPool pool = new(5, BlockTokens);
        int[] first = Compute(pool, 1, 2);
        int[] second = Compute(pool, 1, 3);
        pool.Release(first);
        Assert.True(pool.TryAllocate(new int[3]));
        Assert.DoesNotContain((UInt128)1, pool.Names);
        List<UInt128> added = [];
        pool.NameChanged = (name, isAdded) => added.AddRange(isAdded ? [name] : Array.Empty<UInt128>());
        pool.Release(second);
        pool.CheckIntegrity();
        Assert.Equal<UInt128>([1], added);
        Assert.Equal(2, pool.AcquirePrefix([1, 3], new int[2]));
    }

    [Theory]
    [InlineData(1, 24)]
    [InlineData(2, 24)]
    [InlineData(3, 24)]
    [InlineData(4, 7)]
    [InlineData(5, 48)]
    public void AnyUse_BranchingConversations_NeverLeavesABlockWithoutItsPrefix(int seed, int count)
    {
        Random random = new(seed);
        PoolProbe probe = new(count, BlockTokens);
        Queue<int[]> held = new();
        for (int step = 0; step < 4000; step++)
        {
            // The name of a block spells the path to it, in base eight: few branches near the root, so that prefixes are shared.
            UInt128[] chain = new UInt128[random.Next(1, 7)];
            UInt128 path = 0;
            for (int i = 0; i < chain.Length; i++)
            {
                path = (path * 8) + (UInt128)(1 + random.Next(i < 2 ? 2 : 3));
                chain[i] = path;
            }

            if (probe.TryHold(chain) is { } blocks)
            {
                held.Enqueue(blocks);
            }

            if (held.Count > random.Next(4) || probe.Pool.Available < 6)
            {
                probe.Pool.Release(held.Dequeue());
            }

            probe.Pool.CheckIntegrity();
            HashSet<UInt128> names = [.. probe.Pool.Names];
            Assert.All(names, name => Assert.True(name < 8 || names.Contains(name / 8), $"step {step}: {name} is there without {name / 8}"));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void AnyUse_ChainsThatAreNone_KeepsItsInvariants(int seed)
    {
        // Rings of names, names twice, and parts of chains: nothing that hashing could make, but the pool must not lose blocks over it.
        Random random = new(seed);
        PoolProbe probe = new(12, BlockTokens);
        for (int step = 0; step < 4000; step++)
        {
            UInt128[] names = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (UInt128)random.Next(6))];
            if (probe.TryHold(names) is { } blocks)
            {
                int split = random.Next(blocks.Length + 1);
                probe.Pool.Release(blocks.AsSpan(split));
                probe.Pool.CheckIntegrity();
                probe.Pool.Release(blocks.AsSpan(0, split));
            }

            probe.Pool.CheckIntegrity();
            Assert.Equal(0, probe.Pool.Held);
        }

        Assert.True(probe.Pool.TryAllocate(new int[12]));
    }

    private static int[] Compute(KvBlockPool pool, params UInt128[] names)
    {
        int[] blocks = new int[names.Length];
        Assert.True(pool.TryAllocate(blocks));
        for (int i = 0; i < names.Length; i++)
        {
            pool.Publish(blocks[i], names[i]);
        }

        return blocks;
    }
}
