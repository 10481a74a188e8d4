using OrleansServe.Policies.Placement;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Placement;

public sealed class ExpertSharesTests
{
    [Theory]
    [InlineData(8, 2)]
    [InlineData(7, 3)]
    [InlineData(2, 5)]
    [InlineData(256, 144)]
    public void ShareOf_AllShards_CoverEveryExpertOnceAndEvenly(int experts, int shards)
    {
        (int First, int End)[] shares = [.. Enumerable.Range(0, shards).Select(shard => ExpertShares.ShareOf(experts, shards, shard))];
        Assert.Equal(Enumerable.Range(0, experts), shares.SelectMany(share => Enumerable.Range(share.First, share.End - share.First)));
        Assert.InRange(shares.Max(share => share.End - share.First) - shares.Min(share => share.End - share.First), 0, 1);
    }

    [Fact]
    public void ShareOf_ShardOutOfRange_Throws() => Assert.Throws<ArgumentOutOfRangeException>(() => ExpertShares.ShareOf(8, 2, 2));

    [Theory]
    [InlineData(8, 3, 0, 0, new[] { 0, 1 })]
    [InlineData(8, 3, 0, 6, new[] { 0, 1, 2, 3, 4, 5 })]
    [InlineData(8, 3, 1, 6, new[] { 2, 3, 4, 5, 6, 7 })]
    [InlineData(8, 3, 2, 6, new[] { 0, 1, 2, 5, 6, 7 })]
    [InlineData(8, 2, 1, 1, new[] { 4, 5, 6, 7 })]
    [InlineData(4, 2, 1, 99, new[] { 0, 1, 2, 3 })]
    [InlineData(8, 2, 2, 4, new int[0])]
    public void HeldBy_SlotsBeyondTheShare_HoldWhatFollowsInARing(int experts, int shards, int shard, int slots, int[] held) =>
        Assert.Equal(held, ExpertShares.HeldBy(experts, shards, shard, slots));

    [Theory]
    [InlineData(256, 144, 2)]
    [InlineData(8, 3, 6)]
    [InlineData(7, 7, 2)]
    public void HeldBy_AllShards_HoldEveryExpertAboutEquallyOften(int experts, int shards, int slots)
    {
        int[] replicas = new int[experts];
        foreach (int expert in Enumerable.Range(0, shards).SelectMany(shard => ExpertShares.HeldBy(experts, shards, shard, slots)))
        {
            replicas[expert]++;
        }

        Assert.All(replicas, count => Assert.InRange(count, slots * shards / experts, (slots * shards / experts) + 2));
    }
}
