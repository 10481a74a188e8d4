using OrleansServe.Policies.Balancing.Experts;

using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing.Experts;

public sealed class ExpertSharesTests
{
    // Found by going through all sets of devices; so at most about ten of them.
    [Theory]
    [InlineData(6, 2, 4, 1)]
    [InlineData(8, 4, 6, 2)]
    [InlineData(10, 6, 8, 3)]
    [InlineData(14, 6, 10, 4)]
    [InlineData(9, 9, 6, 5)]
    [InlineData(5, 15, 10, 6)]
    public void Plan_AnyPlacement_HasTheSharesWithTheLeastLargestLoad(int experts, int redundant, int devices, int seed)
    {
        ExpertClusterShape shape = new(experts, redundant, devices);
        Random random = new(seed);
        for (int run = 0; run < 60; run++)
        {
            double[] loads = [.. Enumerable.Range(0, experts).Select(_ => run % 3 == 0 ? random.Next(4) : Math.Exp(3 * random.NextDouble()))];
            loads[0] += 1;
            int[] slots = [.. Enumerable.Range(0, shape.Slots).Select(slot => slot < experts ? slot : random.Next(experts))];
            random.Shuffle(slots);

            // Nothing may be moved, so the placement is the random one.
            LayerPlan plan = ExpertBalancer.Plan([loads], shape, [slots], 0)[0];

            Assert.Equal(slots, plan.Slots);
            AssertShares(plan, loads, shape);
            double least = Reference.LeastLargest(loads, slots, devices);
            Assert.InRange(plan.LargestLoad, least * (1 - 1e-9), least * (1 + 1e-4));
        }
    }

    [Theory]
    [InlineData(256, 32, 144, 1, 1)]
    [InlineData(256, 32, 32, 4, 8)]
    [InlineData(64, 8, 36, 1, 1)]
    public void Plan_DrawnLoads_IsNoWorseThanWithEqualSharesAndNotAboveTheBound(int experts, int redundant, int devices, int nodes, int groups)
    {
        ExpertClusterShape shape = new(experts, redundant, devices, nodes, groups);
        Random random = new(experts + devices);
        double[][] loads = [.. Enumerable.Range(0, 20).Select(_ => Enumerable.Range(0, experts).Select(_ => Math.Pow(1 - random.NextDouble(), -0.7)).ToArray())];

        IReadOnlyList<LayerPlan> plans = ExpertBalancer.Plan(loads, shape);

        for (int layer = 0; layer < loads.Length; layer++)
        {
            LayerPlan plan = plans[layer];
            AssertShares(plan, loads[layer], shape);
            Assert.Equal(Reference.Largest(loads[layer], plan.Slots, devices), plan.UniformLargestLoad, loads[layer].Sum() * 1e-9);
            Assert.True(plan.LargestLoad <= plan.UniformLargestLoad * (1 + 1e-12), $"layer {layer}: {plan.LargestLoad} > {plan.UniformLargestLoad}");
            Assert.True(plan.LargestLoad >= plan.LeastLoad * (1 - 1e-9), $"layer {layer}: {plan.LargestLoad} < {plan.LeastLoad}");
        }

        Assert.Contains(plans, plan => plan.LargestLoad < plan.UniformLargestLoad * 0.9999);
    }

    [Fact]
    public void Plan_NoLoad_DividesRowsEqually()
    {
        ExpertClusterShape shape = new(8, 4, 6);

        LayerPlan plan = ExpertBalancer.Plan([new double[8]], shape)[0];
        LayerPlan kept = ExpertBalancer.Plan([new double[8]], shape, [plan.Slots])[0];

        AssertShares(plan, new double[8], shape);
        AssertShares(kept, new double[8], shape);
        Assert.Equal((0.0, 0.0), (plan.LargestLoad, kept.UniformLargestLoad));
    }

    private static void AssertShares(LayerPlan plan, double[] loads, ExpertClusterShape shape)
    {
        Assert.Equal(shape.Slots, plan.Shares.Length);
        Assert.All(plan.Shares, share => Assert.InRange(share, 0, 1 + 1e-9));
        Assert.All(plan.Slots.Zip(plan.Shares).GroupBy(slot => slot.First), expert => Assert.Equal(1, expert.Sum(slot => slot.Second), 1e-9));
        double largest = plan.Slots.Zip(plan.Shares).Chunk(shape.SlotsPerDevice).Max(device => device.Sum(slot => loads[slot.First] * slot.Second));
        Assert.Equal(largest, plan.LargestLoad, loads.Sum() * 1e-9);
    }
}
