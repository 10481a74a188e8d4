using FsCheck;
using FsCheck.Fluent;
using OrleansServe.Policies.Batching;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Batching;

public sealed class DraftPolicyTests
{
    private static readonly DraftLimits Limits = new(MostDrafts: 3, BreakEvenRows: 32, PassCost: 0.1);

    [Fact]
    public void Choose_LoneStreamAndRightDrafts_DraftsAll() =>
        Assert.Equal(3, DraftPolicy.Choose(new DraftLoad(1, 0, 100), Limits, Chances(1)));

    [Fact]
    public void Choose_FullBatch_DraftsNone() =>
        Assert.Equal(0, DraftPolicy.Choose(new DraftLoad(512, 0, 10_000), Limits, Chances(1)));

    [Fact]
    public void Choose_WrongDrafts_DraftsNone() =>
        Assert.Equal(0, DraftPolicy.Choose(new DraftLoad(1, 0, 100), Limits, Chances(0)));

    [Fact]
    public void Choose_OnlyFirstDraftIsRight_DraftsOne() =>
        Assert.Equal(1, DraftPolicy.Choose(new DraftLoad(1, 0, 100), Limits, [1, 0.01, 1]));

    [Theory]
    [InlineData(0, 100)]
    [InlineData(4, 3)]
    [InlineData(4, 0)]
    [InlineData(4, -1)]
    public void Choose_NoStreamOrNoRoom_DraftsNone(int streams, int left) =>
        Assert.Equal(0, DraftPolicy.Choose(new DraftLoad(streams, 0, left), Limits, Chances(1)));

    [Fact]
    public void Choose_TurnedOff_DraftsNone() =>
        Assert.Equal(0, DraftPolicy.Choose(new DraftLoad(1, 0, 100), Limits with { MostDrafts = 0 }, Chances(1)));

    [Fact]
    public void Choose_LongPromptBeside_DraftsNone()
    {
        // The step takes as long as the prompt does: drafts only lengthen it, one token for one row.
        Assert.Equal(0, DraftPolicy.Choose(new DraftLoad(4, 4096, 1000), Limits, Chances(0.9)));
    }

    [Fact]
    public void Choose_AnyLoad_FitsAndFallsWithStreamsAndRisesWithAcceptance() =>
        Prop.ForAll(
            (from streams in Gen.Choose(1, 300) from left in Gen.Choose(0, 300) from per in Gen.Choose(0, 300) from more in Gen.Choose(0, 300) select (streams, left, per, more)).ToArbitrary(),
            values =>
            {
                (int streams, int left, int per, int more) = values;
                DraftLimits limits = new(1 + (more % 4), 1 + (per % 64), (left % 50) / 100.0);
                double chance = (per % 101) / 100.0;
                int drafts = DraftPolicy.Choose(new DraftLoad(streams, 0, left), limits, Chances(chance));
                int busier = DraftPolicy.Choose(new DraftLoad(streams + more, 0, left), limits, Chances(chance));
                int righter = DraftPolicy.Choose(new DraftLoad(streams, 0, left), limits, Chances(Math.Min(1, chance + 0.2)));
                return drafts >= 0 && drafts <= limits.MostDrafts && drafts * streams <= left && busier <= drafts && righter >= drafts;
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void Chances_DraftsAfterAWrongOne_AreNotCounted()
    {
        DraftAcceptance acceptance = new(3);
        acceptance.Verified(3, 1);

        Assert.Equal([1, 2.0 / 3, 1], acceptance.Chances.ToArray());
    }

    [Fact]
    public void Rested_LongEnough_HasDraftingTriedAgain()
    {
        DraftAcceptance acceptance = new(1);
        DraftLoad load = new(1, 0, 100);
        for (int i = 0; i < 200; i++)
        {
            acceptance.Verified(1, 0);
        }

        int steps = 0;
        for (; DraftPolicy.Choose(load, Limits with { MostDrafts = 1 }, acceptance.Chances) == 0; steps++)
        {
            acceptance.Rested(0);
        }

        // Seldom enough to cost little, often enough to notice a change within some pages of text.
        Assert.InRange(steps, 100, 5000);
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(2, 3)]
    [InlineData(2, -1)]
    public void Verified_ImpossibleCounts_Throws(int drafted, int accepted) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DraftAcceptance(3).Verified(drafted, accepted));

    private static double[] Chances(double chance) => [chance, chance, chance, chance];
}
