using OrleansServe.Policies.Balancing;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing;

public sealed class PrefillRouterTests
{
    [Fact]
    public void Record_PromptsOfOneWorker_CountForItAndFade()
    {
        PrefillRouter router = new();
        int a = router.AddWorker();
        int b = router.AddWorker();
        router.Record(a, 1000, 400);
        Assert.Equal(1000, router.Candidate(a, 0, 1).RecentTokens);
        Assert.InRange(router.Candidate(a, 0, 1).RecentWork, 600, 700);
        Assert.Equal(0, router.Candidate(b, 0, 1).RecentTokens);
        for (int i = 0; i < 100; i++)
        {
            router.Record(b, 1_000_000, 0);
        }

        Assert.InRange(router.Candidate(a, 0, 1).RecentTokens, 0, 1);
        Assert.InRange(router.Candidate(b, 0, 1).RecentTokens, 3_900_000, 4_000_000);
    }

    [Fact]
    public void AddWorker_OthersAreLoaded_CountsAsLoadedLikeThem()
    {
        PrefillRouter router = new();
        int a = router.AddWorker();
        router.AddWorker();
        router.Record(a, 1000, 0);
        Assert.Equal(500, router.Candidate(router.AddWorker(), 0, 1).RecentTokens);
    }

    [Fact]
    public void RemoveWorker_Slot_AnswersNoMoreAndComesBackEmpty()
    {
        PrefillRouter router = new();
        int a = router.AddWorker();
        int b = router.AddWorker();
        router.Hold(a, 1);
        router.Hold(b, 1);
        router.Record(a, 1000, 0);
        router.RemoveWorker(a);
        Assert.Throws<ArgumentOutOfRangeException>(() => router.Candidate(a, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => router.Hold(a, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => router.RemoveWorker(99));
        Assert.Equal(a, router.AddWorker());
        router.Match([1]);
        Assert.Equal(0, router.Candidate(a, 0, 1).CachedBlocks);
        Assert.Equal(0, router.Candidate(a, 0, 1).RecentTokens);
        Assert.Equal(1, router.Candidate(b, 0, 1).CachedBlocks);
    }

    [Fact]
    public void Clear_Worker_HoldsNothingAndKeepsItsLoad()
    {
        PrefillRouter router = new();
        int a = router.AddWorker();
        router.Hold(a, 1);
        router.Record(a, 1000, 0);
        router.Clear(a);
        router.Match([1]);
        Assert.Equal(new PrefillCandidate(0, 0, 1) { RecentTokens = 1000, RecentWork = router.Candidate(a, 0, 1).RecentWork }, router.Candidate(a, 0, 1));
    }

    [Fact]
    public void Match_ManyWorkers_AllocatesNothing()
    {
        PrefillRouter router = new();
        UInt128[] names = [.. Enumerable.Range(0, 2000).Select(i => (UInt128)i)];
        for (int i = 0; i < 64; i++)
        {
            int slot = router.AddWorker();
            foreach (UInt128 name in names.AsSpan(0, i * 30))
            {
                router.Hold(slot, name);
            }
        }

        router.Match(names);
        long before = GC.GetAllocatedBytesForCurrentThread();
        router.Match(names);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i * 30), Enumerable.Range(0, 64).Select(i => router.Candidate(i, 0, 1).CachedBlocks));
    }
}
