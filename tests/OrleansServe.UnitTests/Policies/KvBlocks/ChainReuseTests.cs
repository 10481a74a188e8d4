using OrleansServe.Policies.KvBlocks;
using Xunit;

namespace OrleansServe.UnitTests.Policies.KvBlocks;

public sealed class ChainReuseTests
{
    private const int TurnBlocks = 2;

    [Fact]
    public void Judge_NothingKnown_IsOrdinary() => Expect([0, 0, 0, 0], ReuseClass.Ordinary, ReuseClass.Ordinary);

    [Fact]
    public void Judge_KnownButForATurn_IsContinued() => Expect([3, 1, 0, 0], ReuseClass.Continued, ReuseClass.Continued);

    [Fact]
    public void Judge_AllKnown_IsContinued() => Expect([1], ReuseClass.Continued, ReuseClass.Continued);

    [Fact]
    public void Judge_MuchBehindAKnownPrefix_IsABranch() => Expect([1, 1, 0, 0, 0], ReuseClass.Ordinary, ReuseClass.Branch);

    [Fact]
    public void Judge_OnlyWhatEveryoneSharesIsKnown_TellsNothing() =>
        Expect([ChainReuse.CommonUses, ChainReuse.CommonUses, 0], ReuseClass.Ordinary, ReuseClass.Ordinary);

    [Fact]
    public void Judge_UsedOnceLessThanCommon_Tells() => Expect([ChainReuse.CommonUses - 1, 0], ReuseClass.Continued, ReuseClass.Continued);

    [Fact]
    public void Judge_UnknownBlockBeforeKnownOnes_KnowsOnlyThePrefix() => Assert.Equal(1, ChainReuse.Judge([1, 0, 5], TurnBlocks).Known);

    [Fact]
    public void Judge_EmptyChain_IsOrdinary() => Expect([], ReuseClass.Ordinary, ReuseClass.Ordinary);

    private static void Expect(byte[] uses, ReuseClass known, ReuseClass fresh)
    {
        ChainReuse reuse = ChainReuse.Judge(uses, TurnBlocks);
        Assert.Equal(known, reuse.KnownClass);
        Assert.Equal(fresh, reuse.NewClass);
        Assert.Equal(known, reuse.ClassAt(reuse.Known - 1));
        Assert.Equal(fresh, reuse.ClassAt(reuse.Known));
    }
}
