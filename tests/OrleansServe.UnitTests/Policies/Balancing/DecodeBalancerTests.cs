using OrleansServe.Policies.Balancing;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing;

public sealed class DecodeBalancerTests
{
    private const int MaxRequests = 4;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Choose_RandomCandidates_NeverTakesOneWithoutRoomAndDoesNotDependOnTheirOrder(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 3000; round++)
        {
            int blocks = random.Next(1, 40);
            DecodeCandidate[] candidates = [.. Enumerable.Range(0, random.Next(0, 8)).Select(_ =>
            {
                int total = 20 * random.Next(1, 4);
                return new DecodeCandidate(random.Next(total + 1), total, random.Next(MaxRequests + 2));
            })];
            int chosen = DecodeBalancer.Choose(candidates, blocks, MaxRequests);
            bool[] able = Array.ConvertAll(candidates, candidate => candidate.KvBlocksTotal - candidate.KvBlocksUsed >= blocks && candidate.Requests < MaxRequests);
            Assert.Equal(able.Any(can => can), chosen >= 0);
            if (chosen < 0)
            {
                continue;
            }

            Assert.True(able[chosen]);
            DecodeCandidate[] shuffled = [.. candidates];
            random.Shuffle(shuffled);
            DecodeCandidate other = shuffled[DecodeBalancer.Choose(shuffled, blocks, MaxRequests)];
            Assert.Equal(Share(candidates[chosen]), Share(other));
            Assert.Equal(candidates[chosen].Requests, other.Requests);
            Assert.All(Enumerable.Range(0, chosen).Where(i => able[i]), i => Assert.True(
                Share(candidates[i]) > Share(candidates[chosen]) || (Share(candidates[i]) == Share(candidates[chosen]) && candidates[i].Requests > candidates[chosen].Requests)));
        }
    }

    [Fact]
    public void Choose_SharesThatRoundToTheSameNumber_AreComparedExactly()
    {
        DecodeCandidate[] candidates = [new(1_000_000_001, 2_000_000_003, 0), new(1_000_000_000, 2_000_000_001, 0)];
        Assert.Equal(1, DecodeBalancer.Choose(candidates, 1, MaxRequests));
    }

    [Fact]
    public void Choose_ManyEqualRequests_SpreadsThemEvenly()
    {
        DecodeCandidate[] workers = [.. Enumerable.Repeat(new DecodeCandidate(0, 1000, 0), 7)];
        for (int request = 0; request < 70; request++)
        {
            int chosen = DecodeBalancer.Choose(workers, 20, 64);
            workers[chosen] = workers[chosen] with { KvBlocksUsed = workers[chosen].KvBlocksUsed + 20, Requests = workers[chosen].Requests + 1 };
        }

        Assert.All(workers, worker => Assert.Equal((200, 10), (worker.KvBlocksUsed, worker.Requests)));
    }

    private static decimal Share(DecodeCandidate candidate) => (decimal)candidate.KvBlocksUsed / candidate.KvBlocksTotal;
}
