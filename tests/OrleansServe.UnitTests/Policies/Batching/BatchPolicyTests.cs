using OrleansServe.Policies.Batching;
using Xunit;
using static OrleansServe.UnitTests.Policies.Batching.Candidates;

namespace OrleansServe.UnitTests.Policies.Batching;

public sealed class BatchPolicyTests
{
    [Fact]
    public void Plan_StreamsAndPrompts_StreamsGoFirstAndTheLastPromptIsCut()
    {
        BatchDecision[] decisions = Plan([Prompt(0, 50), Row(1), Prompt(2, 30), Row(3)], Limits(tokens: 60));
        Assert.Equal([50, 1, 8, 1], decisions.Select(decision => decision.Tokens));
    }

    [Fact]
    public void Plan_PromptOfOneToken_IsNoStream()
    {
        BatchDecision[] decisions = Plan([Prompt(0, 50, dueIn: 1), Prompt(1, 1, dueIn: 2)], Limits(tokens: 50));
        Assert.Equal([50, 0], decisions.Select(decision => decision.Tokens));
    }

    [Theory]
    [InlineData(ServiceClass.Interactive, 29)]
    [InlineData(ServiceClass.Standard, 179)]
    [InlineData(ServiceClass.Batch, 511)]
    public void Plan_PromptBesideAStream_LeavesItTheTimeThatItsClassIsPromised(ServiceClass serviceClass, int expected)
    {
        // 19.5 ms and 1 ms a token: 30, 180 and, cut by the budget, 512 tokens, one of them the stream's.
        BatchDecision[] decisions = Plan([Row(0, serviceClass), Prompt(1, 2000)], Limits(tokens: 512, cost: new StepCost(0.0195, 0.001)));
        Assert.Equal([1, expected], decisions.Select(decision => decision.Tokens));
    }

    [Theory]
    [InlineData(0.2, 0)]
    [InlineData(0, 0.1)]
    public void Plan_StreamsThatAreLateAnyway_PromptsStillGetTheFloor(double baseSeconds, double tokenSeconds)
    {
        BatchDecision[] decisions = Plan([Row(0, ServiceClass.Interactive), Prompt(1, 2000)], Limits(tokens: 512, floor: 8, cost: new StepCost(baseSeconds, tokenSeconds)));
        Assert.Equal([1, 8], decisions.Select(decision => decision.Tokens));
    }

    [Fact]
    public void Plan_BlocksRunOut_PreemptsTheNewestOfTheLowestClass()
    {
        BatchDecision[] decisions = Plan(
            [Row(0, ServiceClass.Batch), Row(3, ServiceClass.Batch), Row(1, ServiceClass.Interactive, lacking: 1), Row(2, ServiceClass.Batch), Row(4)],
            Limits(blocks: 0));
        Assert.Equal([false, true, false, false, false], decisions.Select(decision => decision.IsPreempted));
        Assert.Equal([1, 0, 1, 1, 1], decisions.Select(decision => decision.Tokens));
    }

    [Fact]
    public void Plan_LowerClassLacksBlocks_WaitsAndKeepsWhatItHolds()
    {
        BatchDecision[] decisions = Plan([Row(0, ServiceClass.Batch, lacking: 1), Row(1, ServiceClass.Standard), Row(2, ServiceClass.Interactive)], Limits(blocks: 0));
        Assert.All(decisions, decision => Assert.False(decision.IsPreempted));
        Assert.Equal([0, 1, 1], decisions.Select(decision => decision.Tokens));
    }

    [Fact]
    public void Plan_PreemptingAllWouldNotDo_PreemptsNobody()
    {
        BatchDecision[] decisions = Plan([Preempted(0, 700, lacking: 12), Row(1, held: 5), Row(2, held: 5)], Limits(blocks: 1));
        Assert.All(decisions, decision => Assert.False(decision.IsPreempted));
        Assert.Equal([0, 1, 1], decisions.Select(decision => decision.Tokens));
    }

    [Fact]
    public void Plan_SamplesHoldNothingButWhatTheyShare_AllGiveItBack()
    {
        // Three blocks, held by both: they come back with the second to give them up. Neither has its own block yet.
        BatchCandidate[] candidates = [Preempted(0, 300, lacking: 5), Row(1, lacking: 1, held: 3), Row(2, lacking: 1, held: 0) with { BlocksShared = 3 }];
        BatchDecision[] decisions = Plan(candidates, Limits(blocks: 2));
        Assert.True(decisions[0].Tokens > 0);
        Assert.Equal([false, true, true], decisions.Select(decision => decision.IsPreempted));
    }

    [Fact]
    public void Plan_SampleHoldsNothingButSharedBlocksWhileAnotherWaits_GoesOn()
    {
        // The first needs more than all of this can give: those that hold something have to get to their ends.
        BatchCandidate[] candidates = [Preempted(0, 300, lacking: 9), Row(1, lacking: 1, held: 0) with { BlocksShared = 3 }];
        Assert.Equal([0, 1], Plan(candidates, Limits(blocks: 2)).Select(decision => decision.Tokens));
    }

    [Fact]
    public void Plan_VictimWasPlannedAlready_GivesItsTokensAndBlocksBack()
    {
        // The row takes the last block, but the older prompt needs what the row holds and that block.
        BatchDecision[] decisions = Plan([Prompt(0, 700, lacking: 3), Row(1, lacking: 1, held: 2), Prompt(2, 9)], Limits(tokens: 64, blocks: 1));
        Assert.Equal([63, 0, 0], decisions.Select(decision => decision.Tokens));
        Assert.True(decisions[1].IsPreempted);
    }

    [Fact]
    public void Plan_FirstInRankWaitsForBlocks_IsNotOvertakenByOthersThatWantSome()
    {
        BatchDecision[] decisions = Plan([Preempted(0, 700, lacking: 12), Preempted(1, 100, lacking: 2), Row(2)], Limits(blocks: 3));
        Assert.Equal([0, 0, 1], decisions.Select(decision => decision.Tokens));
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(-1, 0)]
    public void Plan_LargePromptLacksBlocks_IsOvertakenUntilItIsDue(double dueIn, int expected)
    {
        BatchDecision[] decisions = Plan([Prompt(0, 700, dueIn, lacking: 12), Prompt(1, 60, dueIn: 2, lacking: 1)], Limits(blocks: 3));
        Assert.Equal([0, expected], decisions.Select(decision => decision.Tokens));
    }

    [Fact]
    public void Plan_AnyBatch_KeepsToItsBudgetsAndPreemptsForHigherRanksOnly()
    {
        Random random = new(7);
        int preemptions = 0;
        for (int round = 0; round < 5000; round++)
        {
            BatchCandidate[] candidates = Draw(random, random.Next(1, 30));
            BatchLimits limits = Limits(random.Next(1, 80), random.Next(0, 8), random.Next(1, 20), new StepCost(random.NextDouble() / 10, random.NextDouble() / 100));
            BatchDecision[] decisions = Plan(candidates, limits);

            int freed = candidates.Where((_, i) => decisions[i].IsPreempted).Sum(candidate => candidate.BlocksFreed);
            int taken = candidates.Where((_, i) => decisions[i].Tokens > 0).Sum(candidate => candidate.BlocksLacking);
            Assert.True(taken <= limits.Blocks + freed, $"round {round}: {taken} blocks of {limits.Blocks} and {freed}");
            Assert.True(decisions.Sum(decision => decision.Tokens) <= limits.Tokens);
            for (int i = 0; i < candidates.Length; i++)
            {
                Assert.True(decisions[i].Tokens <= candidates[i].Tokens);
                Assert.False(decisions[i].IsPreempted && (decisions[i].Tokens > 0 || !candidates[i].CanGiveBack));
                Assert.False(candidates[i].IsRow && decisions[i].Tokens != 0 && decisions[i].Tokens != candidates[i].Tokens);

                // Whoever is preempted is the last in rank of those that hold anything.
                if (decisions[i].IsPreempted)
                {
                    preemptions++;
                    BatchCandidate victim = candidates[i];
                    Assert.DoesNotContain(candidates.Where((other, j) => other.CanGiveBack && !decisions[j].IsPreempted), other => IsBefore(victim, other));
                    Assert.Contains(candidates, other => other.BlocksLacking > 0 && IsBefore(other, victim));
                }
            }
        }

        Assert.InRange(preemptions, 1000, int.MaxValue);
    }

    [Fact]
    public void Plan_AnyBatch_DoesNotDependOnTheOrderOfTheCandidates()
    {
        Random random = new(8);
        for (int round = 0; round < 2000; round++)
        {
            BatchCandidate[] candidates = Draw(random, random.Next(1, 30));
            BatchLimits limits = Limits(random.Next(1, 80), random.Next(0, 8), 4, new StepCost(0.01, 0.001));
            BatchDecision[] decisions = Plan(candidates, limits);
            BatchCandidate[] shuffled = [.. candidates];
            random.Shuffle(shuffled);
            BatchDecision[] others = Plan(shuffled, limits);
            Assert.Equal(candidates.Zip(decisions).OrderBy(pair => pair.First.Order), shuffled.Zip(others).OrderBy(pair => pair.First.Order));
        }
    }

    [Fact]
    public void Plan_AnyBatch_TheFirstStreamInRankGetsOn()
    {
        Random random = new(9);
        int checkedRounds = 0;
        for (int round = 0; round < 5000; round++)
        {
            BatchCandidate[] candidates = Draw(random, random.Next(1, 30));
            int blocks = random.Next(0, 8);
            BatchDecision[] decisions = Plan(candidates, Limits(random.Next(2, 80), blocks, random.Next(1, 20), new StepCost(1, 1)));
            BatchCandidate first = candidates.Where(candidate => candidate.Tokens > 0).OrderBy(candidate => candidate.Class).ThenBy(candidate => candidate.Order).FirstOrDefault();

            // With all that is free or can be taken from those behind it in rank, if that is enough; a long one, where streams leave it a token.
            int reach = candidates.Where(other => IsBefore(first, other)).Sum(other => other.BlocksFreed);
            int rows = candidates.Where(candidate => candidate.IsRow).Sum(candidate => candidate.Tokens);
            if (first is { IsStream: true, Tokens: > 0 } && first.BlocksLacking <= reach && (first.IsRow || rows < 2))
            {
                checkedRounds++;
                Assert.True(decisions[Array.IndexOf(candidates, first)].Tokens > 0, $"round {round}");
            }
        }

        Assert.InRange(checkedRounds, 1000, int.MaxValue);
    }

    private static bool IsBefore(BatchCandidate a, BatchCandidate b) => a.Class < b.Class || (a.Class == b.Class && a.Order < b.Order);
}
