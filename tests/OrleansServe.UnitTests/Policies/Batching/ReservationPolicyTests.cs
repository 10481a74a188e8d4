using OrleansServe.Policies.Batching;
using Xunit;
using static OrleansServe.UnitTests.Policies.Batching.Candidates;

namespace OrleansServe.UnitTests.Policies.Batching;

public sealed class ReservationPolicyTests
{
    [Theory]
    [InlineData(ServiceClass.Interactive, 6, true, 2)]
    [InlineData(ServiceClass.Standard, 4, true, 1)]
    [InlineData(ServiceClass.Standard, 5, false, 0)]
    [InlineData(ServiceClass.Batch, 1, false, 0)]
    public void TryMakeRoom_PoolIsFull_PreemptsLowerClassesOnly(ServiceClass serviceClass, int blocks, bool expected, int preempted)
    {
        BatchCandidate[] candidates = [Row(0, ServiceClass.Interactive, held: 9), Row(1, ServiceClass.Standard, held: 4), Row(2, ServiceClass.Batch, held: 4)];
        BatchDecision[] decisions = new BatchDecision[3];
        Assert.Equal(expected, ReservationPolicy.TryMakeRoom(candidates, serviceClass, blocks, 0, Now, decisions));
        Assert.Equal(preempted, decisions.Count(decision => decision.IsPreempted));
        Assert.False(decisions[0].IsPreempted);
    }

    [Theory]
    [InlineData(ServiceClass.Standard, 5, false)]
    [InlineData(ServiceClass.Interactive, 5, true)]
    [InlineData(ServiceClass.Interactive, 0, false)]
    public void TryMakeRoom_SomebodyWaitsForBlocks_IsOvertakenByHigherClassesOnlyAndNotOnceItIsDue(ServiceClass serviceClass, int dueIn, bool expected)
    {
        BatchCandidate waiting = Preempted(0, 500, lacking: 8) with { Due = Now + TimeSpan.FromSeconds(dueIn) };
        Assert.Equal(expected, ReservationPolicy.TryMakeRoom([waiting], serviceClass, 2, available: 3, Now, new BatchDecision[1]));
    }

    [Fact]
    public void TryMakeRoom_RoomForBoth_IsMade() =>
        Assert.True(ReservationPolicy.TryMakeRoom([Preempted(0, 500, lacking: 8)], ServiceClass.Batch, 2, available: 10, Now, new BatchDecision[1]));
}
