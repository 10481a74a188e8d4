using OrleansServe.Policies.Batching;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Batching;

public sealed class StepCostMeterTests
{
    [Fact]
    public void Add_StepsOfManySizes_FindsBaseAndSlope()
    {
        StepCostMeter meter = new();
        Random random = new(3);
        for (int i = 0; i < 500; i++)
        {
            int tokens = random.Next(1, 512);
            meter.Add(tokens, 0.004 + (tokens * 0.0002));
        }

        Assert.Equal(0.004, meter.Cost.BaseSeconds, 6);
        Assert.Equal(0.0002, meter.Cost.TokenSeconds, 8);
        Assert.Equal(230, meter.Cost.TokensWithin(0.0501, 512));
    }

    [Fact]
    public void Add_StepsOfOneSize_CountsAllAsCostOfTheTokens()
    {
        StepCostMeter meter = new();
        for (int i = 0; i < 50; i++)
        {
            meter.Add(4, 0.02);
        }

        Assert.Equal(0, meter.Cost.BaseSeconds, 9);
        Assert.Equal(0.005, meter.Cost.TokenSeconds, 9);
    }

    [Fact]
    public void Add_TheMachineSlowsDown_Follows()
    {
        StepCostMeter meter = new();
        for (int i = 0; i < 2000; i++)
        {
            int tokens = 1 + (i % 7);
            meter.Add(tokens, tokens * (i < 1000 ? 0.001 : 0.003));
        }

        Assert.Equal(0.003, meter.Cost.TokenSeconds, 5);
    }

    [Fact]
    public void TokensWithin_NothingKnown_IsTheLimit()
    {
        Assert.Equal(512, default(StepCost).TokensWithin(0.05, 512));
        Assert.Equal(0, new StepCost(0.05, 0.001).TokensWithin(0.05, 512));
        Assert.Equal(512, new StepCost(0.05, 0.001).TokensWithin(double.PositiveInfinity, 512));
    }
}
