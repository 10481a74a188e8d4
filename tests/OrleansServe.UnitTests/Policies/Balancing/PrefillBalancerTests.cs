using OrleansServe.Policies.Balancing;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing;

public sealed class PrefillBalancerTests
{
    [Fact]
    public void Choose_LongestCachedPrefix_Wins() =>
        Assert.Equal(1, PrefillBalancer.Choose([new(2, 0, 100), new(5, 0, 100), new(4, 0, 100)], 640, 1000));

    [Fact]
    public void Choose_NothingCached_TakesTheOneGivenLeast() =>
        Assert.Equal(2, PrefillBalancer.Choose([Loaded(900, 900), Loaded(800, 801), Loaded(800, 800)], 640, 1000));

    [Fact]
    public void Choose_SmallDifferenceOfLoad_DoesNotOutweighACachedPrefix() =>
        Assert.Equal(0, PrefillBalancer.Choose([new(8, 0, 100) { RecentTokens = 10_000 }, new(0, 0, 100)], 640, 1000));

    [Fact]
    public void Choose_LargeDifferenceOfLoad_OutweighsACachedPrefix() =>
        Assert.Equal(1, PrefillBalancer.Choose([new(8, 0, 100) { RecentTokens = 1_000_000 }, new(0, 0, 100)], 640, 1000));

    [Fact]
    public void Choose_PrefixEvictedLately_GoesBackThere() =>
        Assert.Equal(1, PrefillBalancer.Choose([new(0, 0, 100), new(0, 0, 100) { KnownBlocks = 8 }], 640, 1000));

    [Fact]
    public void Choose_PrefixHeldElsewhere_BeatsOneEvictedLately() =>
        Assert.Equal(0, PrefillBalancer.Choose([new(8, 0, 100), new(0, 0, 100) { KnownBlocks = 8 }], 640, 1000));

    [Fact]
    public void Choose_LongPrompts_WeighsAttentionOfTheLastTokens()
    {
        // The same 64,000 tokens are lacking, but behind a prefix of as many each attends to twice as much on average: worth a queue of 10,000 more elsewhere.
        Assert.True(PrefillWork.Of(128_000, 64_000) > PrefillWork.Of(64_000, 0) + 64_000);
        Assert.Equal(1000, PrefillWork.Of(1000, 0), 1000 * 0.05);
        Assert.Equal(0, PrefillWork.Of(1000, 1000));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Choose_RandomCandidates_NeverTakesOneThatCannotServeAndDoesNotDependOnTheirOrder(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 2000; round++)
        {
            int prompt = random.Next(1, 2000);
            PrefillCandidate[] candidates = [.. Enumerable.Range(0, random.Next(0, 8)).Select(_ => RandomCandidate(random, prompt))];
            int chosen = PrefillBalancer.Choose(candidates, prompt, 1500);
            bool[] able = Array.ConvertAll(candidates, candidate =>
                candidate.KvBlocksTotal * 64 >= prompt
                && (candidate.QueuedTokens == 0 || candidate.QueuedTokens + Math.Max(1, prompt - (candidate.CachedBlocks * 64)) <= 1500));
            Assert.Equal(able.Any(can => can), chosen >= 0);
            if (chosen < 0)
            {
                continue;
            }

            Assert.True(able[chosen]);
            PrefillCandidate[] shuffled = [.. candidates];
            random.Shuffle(shuffled);
            Assert.Equal(CostOf(candidates[chosen]), CostOf(shuffled[PrefillBalancer.Choose(shuffled, prompt, 1500)]));
            Assert.Equal(Enumerable.Range(0, candidates.Length).First(i => able[i] && CostOf(candidates[i]) == CostOf(candidates[chosen])), chosen);
        }
    }

    private static PrefillCandidate RandomCandidate(Random random, int prompt)
    {
        int cached = random.Next((prompt / 64) + 1);
        int load = random.Next(5) * 1000;
        return new PrefillCandidate(cached, random.Next(3) * 600, random.Next(2, 40))
        {
            KnownBlocks = Math.Min(cached + random.Next(2), prompt / 64),
            RecentTokens = load,
            RecentWork = load,
        };
    }

    // All that the cost is made of: where it is the same, the candidates tie.
    private static PrefillCandidate CostOf(PrefillCandidate candidate) => candidate with { KvBlocksTotal = 0 };

    private static PrefillCandidate Loaded(double tokens, double work) => new(0, 0, 100) { RecentTokens = tokens, RecentWork = work };
}
