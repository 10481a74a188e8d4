using OrleansServe.Policies.Batching;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Batching;

public sealed class DrainPolicyTests
{
    private static readonly StepCost Cost = new(BaseSeconds: 0.010, TokenSeconds: 0.001);

    [Theory]
    [InlineData(100, 10, 2.0, true)]
    [InlineData(101, 10, 2.0, false)]
    [InlineData(100, 11, 2.0, false)]
    [InlineData(0, 10, 2.0, true)]
    [InlineData(0, 10, 0.0, false)]
    [InlineData(1, 1, -1.0, false)]
    [InlineData(int.MaxValue, int.MaxValue, 2.0, false)]
    public void EndsInTime_TokensTimesWhatAStepTakes_IsHeldAgainstTheTime(int tokens, int streams, double left, bool ends) =>
        Assert.Equal(ends, DrainPolicy.EndsInTime(tokens, streams, Cost, TimeSpan.FromSeconds(left)));
}
