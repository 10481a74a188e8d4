using OrleansServe.Policies.KvBlocks;
using Xunit;

namespace OrleansServe.UnitTests.Policies.KvBlocks;

public sealed class StampHeapTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AnyUse_TwoHeapsOverTheSameBlocks_KeepTheSmallestFirst(int seed)
    {
        const int Blocks = 40;
        Random random = new(seed);
        long[] stamps = new long[Blocks];
        int[] places = new int[Blocks];
        StampHeap[] heaps = [new(stamps, places), new(stamps, places)];
        SortedSet<(long Stamp, int Block)>[] models = [[], []];
        for (int step = 1; step <= 5000; step++)
        {
            int block = random.Next(Blocks);
            int at = Array.FindIndex(models, model => model.Contains((stamps[block], block)));
            if (at >= 0)
            {
                heaps[at].Remove(block);
                models[at].Remove((stamps[block], block));
            }
            else
            {
                int into = random.Next(2);
                stamps[block] = random.Next();
                heaps[into].Add(block);
                models[into].Add((stamps[block], block));
            }

            for (int i = 0; i < heaps.Length; i++)
            {
                Assert.Equal(models[i].Count, heaps[i].Count);
                Assert.Equal(Enumerable.Range(0, Blocks).Where(b => models[i].Contains((stamps[b], b))), Enumerable.Range(0, Blocks).Where(heaps[i].Contains));
                if (heaps[i].Count > 0)
                {
                    Assert.Equal(models[i].Min.Stamp, stamps[heaps[i].First]);
                }
            }
        }
    }
}
