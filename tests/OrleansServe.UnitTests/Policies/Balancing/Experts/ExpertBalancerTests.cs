using OrleansServe.Policies.Balancing.Experts;

using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing.Experts;

public sealed class ExpertBalancerTests
{
    private static readonly ExpertClusterShape Decode = new(256, 32, 144);
    private static readonly ExpertClusterShape Prefill = new(256, 32, 32, 4, 8);

    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        { 1, 0, 1, 1, 1, 1 },
        { 1, 3, 4, 1, 1, 2 },
        { 5, 1, 3, 1, 1, 3 },
        { 7, 1, 8, 1, 1, 4 },
        { 16, 0, 8, 1, 1, 5 },
        { 16, 8, 4, 2, 4, 6 },
        { 24, 6, 5, 1, 1, 7 },
        { 64, 8, 36, 1, 1, 8 },
        { 64, 64, 64, 4, 8, 9 },
        { 256, 32, 144, 1, 1, 10 },
        { 256, 32, 32, 4, 8, 11 },
        { 256, 32, 32, 1, 1, 12 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Plan_AnyLoads_IsCompleteAndNoWorseThanTheGreedy(int experts, int redundant, int devices, int nodes, int groups, int seed)
    {
        ExpertClusterShape shape = new(experts, redundant, devices, nodes, groups);
        Random random = new(seed);
        double[][] loads = [.. Enumerable.Range(0, 12).Select(kind => Draw(random, experts, kind % 6))];

        IReadOnlyList<LayerPlan> plans = ExpertBalancer.Plan(loads, shape);

        for (int layer = 0; layer < loads.Length; layer++)
        {
            LayerPlan plan = plans[layer];
            AssertComplete(plan, shape);
            AssertGroupsOnNodes(plan, shape);
            Assert.Equal(Reference.Largest(loads[layer], plan.Slots, devices), plan.UniformLargestLoad, loads[layer].Sum() * 1e-9);
            Assert.Equal(Reference.PublishedGreedy(loads[layer], shape), plan.GreedyLargestLoad, loads[layer].Sum() * 1e-9);
            Assert.True(plan.UniformLargestLoad <= plan.GreedyLargestLoad, $"layer {layer}: {plan.UniformLargestLoad} > {plan.GreedyLargestLoad}");
            Assert.True(plan.LargestLoad <= plan.UniformLargestLoad, $"layer {layer}: {plan.LargestLoad} > {plan.UniformLargestLoad}");
            Assert.True(plan.LeastLoad <= plan.LargestLoad * (1 + 1e-9), $"layer {layer}: {plan.LeastLoad} > {plan.LargestLoad}");
            Assert.InRange(plan.Balancedness, double.Epsilon, 1);
        }
    }

    [Theory]
    [InlineData(0.5, 0.955, 0.005)]
    [InlineData(1.0, 0.0, 0.0005)]
    public void Plan_DrawnDecodeLoads_BeatsTheGreedyInTheMean(double sigma, double least, double gain)
    {
        Random random = new(5);
        double[][] loads = [.. Enumerable.Range(0, 58).Select(_ => Lognormal(random, 256, sigma))];

        IReadOnlyList<LayerPlan> plans = ExpertBalancer.Plan(loads, Decode);

        double balancedness = plans.Average(plan => plan.Balancedness);
        Assert.True(balancedness >= least, $"{balancedness}");
        Assert.True(balancedness >= plans.Average(plan => plan.GreedyBalancedness) + gain, $"{balancedness}");
        Assert.All(plans, plan => AssertApart(plan, Decode));
    }

    [Fact]
    public void Plan_Twice_IsEqual()
    {
        Random random = new(6);
        double[][] loads = [.. Enumerable.Range(0, 16).Select(kind => Draw(random, 256, kind % 6))];
        IReadOnlyList<LayerPlan> first = ExpertBalancer.Plan(loads, Decode);
        int[][] previous = [.. first.Select(plan => plan.Slots)];
        double[][] later = [.. loads.Select(row => Drift(random, row))];

        IReadOnlyList<LayerPlan> again = ExpertBalancer.Plan(loads, Decode);
        IReadOnlyList<LayerPlan> alone = ExpertBalancer.Plan([loads[7]], Decode);
        IReadOnlyList<LayerPlan> adapted = ExpertBalancer.Plan(later, Decode, previous, 0.1);
        IReadOnlyList<LayerPlan> adaptedAgain = ExpertBalancer.Plan(later, Decode, previous, 0.1);

        Assert.Equal(previous, again.Select(plan => plan.Slots));
        Assert.Equal(previous[7], alone[0].Slots);
        Assert.Equal(adapted.Select(plan => plan.Slots), adaptedAgain.Select(plan => plan.Slots));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.02)]
    [InlineData(0.1)]
    public void Plan_LoadsHaveDrifted_MovesNoMoreThanAllowedAndGetsNoWorse(double mostMoved)
    {
        Random random = new(7);
        foreach (ExpertClusterShape shape in (ExpertClusterShape[])[Decode, Prefill, new(256, 32, 32), new(24, 6, 5)])
        {
            double[][] loads = [.. Enumerable.Range(0, 6).Select(kind => Draw(random, shape.Experts, kind))];
            int[][] previous = [.. ExpertBalancer.Plan(loads, shape).Select(plan => plan.Slots)];
            double[][] later = [.. loads.Select(row => Drift(random, row))];

            IReadOnlyList<LayerPlan> plans = ExpertBalancer.Plan(later, shape, previous, mostMoved);

            for (int layer = 0; layer < plans.Count; layer++)
            {
                LayerPlan plan = plans[layer];
                AssertComplete(plan, shape);
                AssertGroupsOnNodes(plan, shape);
                int moved = Reference.Moved(plan.Slots, previous[layer], shape.SlotsPerDevice);
                Assert.Equal(moved, plan.Moved);
                Assert.InRange(moved, 0, (int)(mostMoved * shape.Slots));
                Assert.Equal(Reference.Largest(later[layer], plan.Slots, shape.Devices), plan.UniformLargestLoad, later[layer].Sum() * 1e-9);
                Assert.True(plan.UniformLargestLoad <= Reference.Largest(later[layer], previous[layer], shape.Devices) * (1 + 1e-9));
                Assert.Equal(moved == 0 ? PlanOrigin.Kept : PlanOrigin.Adapted, plan.Origin);
            }
        }
    }

    [Fact]
    public void Plan_LoadsUnchanged_MovesNothing()
    {
        Random random = new(8);
        double[][] loads = [.. Enumerable.Range(0, 6).Select(kind => Draw(random, 256, kind))];
        int[][] previous = [.. ExpertBalancer.Plan(loads, Decode).Select(plan => plan.Slots)];

        Assert.All(ExpertBalancer.Plan(loads, Decode, previous), plan => Assert.Equal((PlanOrigin.Kept, 0), (plan.Origin, plan.Moved)));
    }

    [Fact]
    public void Plan_MayReplaceEverything_IsAsGoodAsWithoutAnEarlierPlan()
    {
        Random random = new(9);
        double[][] loads = [.. Enumerable.Range(0, 6).Select(kind => Draw(random, 256, kind))];
        int[][] previous = [.. ExpertBalancer.Plan([.. loads.Reverse()], Decode).Select(plan => plan.Slots)];

        IReadOnlyList<LayerPlan> anew = ExpertBalancer.Plan(loads, Decode);
        IReadOnlyList<LayerPlan> following = ExpertBalancer.Plan(loads, Decode, previous);

        for (int layer = 0; layer < loads.Length; layer++)
        {
            Assert.True(following[layer].UniformLargestLoad <= anew[layer].UniformLargestLoad * (1 + 2e-3), $"layer {layer}");
        }
    }

    [Fact]
    public void Plan_NoLoad_SpreadsReplicasAndKeepsAnEarlierPlan()
    {
        double[][] loads = [new double[256]];

        LayerPlan plan = ExpertBalancer.Plan(loads, Decode)[0];
        LayerPlan kept = ExpertBalancer.Plan(loads, Decode, [plan.Slots])[0];

        Assert.Equal(1, plan.Balancedness);
        AssertComplete(plan, Decode);
        AssertApart(plan, Decode);
        Assert.Equal(2, plan.Slots.CountBy(expert => expert).Max(count => count.Value));
        Assert.Equal((PlanOrigin.Kept, 0), (kept.Origin, kept.Moved));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    [InlineData(1e16)]
    public void Plan_LoadOutOfRange_IsRefusedWithItsPlace(double load)
    {
        double[][] loads = [new double[256], new double[256]];
        loads[1][17] = load;

        ArgumentException fault = Assert.Throws<ArgumentException>(() => ExpertBalancer.Plan(loads, Decode));

        Assert.Contains("layer 1, expert 17", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_Contradictions_AreRefused()
    {
        double[][] loads = [new double[256]];
        int[] slots = ExpertBalancer.Plan(loads, Decode)[0].Slots;

        AssertRefused("between 1 and 1024 layers, has 0", () => ExpertBalancer.Plan([], Decode));
        AssertRefused("layer 1 has 255 experts, must have 256", () => ExpertBalancer.Plan([loads[0], new double[255]], Decode));
        AssertRefused("mostMoved: must be between 0 and 1, is NaN", () => ExpertBalancer.Plan(loads, Decode, null, double.NaN));
        AssertRefused("previous: must have 1 layers, has 2", () => ExpertBalancer.Plan(loads, Decode, [slots, slots]));
        AssertRefused("has 287 slots, must have 288", () => ExpertBalancer.Plan(loads, Decode, [slots[..^1]]));
        AssertRefused("slot 0 must be an expert below 256, is 256", () => ExpertBalancer.Plan(loads, Decode, [[256, .. slots[1..]]]));
        AssertRefused("lacks expert", () => ExpertBalancer.Plan(loads, Decode, [new int[288]]));
    }

    [Fact]
    public void Faults_ImpossibleShape_NamesEachOfThem()
    {
        Assert.Empty(Decode.Faults());
        Assert.Empty(Prefill.Faults());
        Assert.Equal(3, new ExpertClusterShape(0, -1, 0).Faults().Count);
        Assert.Contains("devices: must divide the 288 slots", Assert.Single(new ExpertClusterShape(256, 32, 100).Faults()), StringComparison.Ordinal);
        Assert.Contains("more than one replica of each", Assert.Single(new ExpertClusterShape(2, 6, 2).Faults()), StringComparison.Ordinal);
        Assert.Contains("groups: must be divisible by the 18 nodes", Assert.Single(new ExpertClusterShape(256, 32, 144, 18, 8).Faults()), StringComparison.Ordinal);
        Assert.Contains("groups: must divide", Assert.Single(new ExpertClusterShape(256, 32, 144, 1, 7).Faults()), StringComparison.Ordinal);
        Assert.Contains("nodes: must divide", Assert.Single(new ExpertClusterShape(256, 32, 144, 5).Faults()), StringComparison.Ordinal);
    }

    private static void AssertRefused(string message, Action plan) => Assert.Contains(message, Assert.Throws<ArgumentException>(plan).Message, StringComparison.Ordinal);

    private static void AssertComplete(LayerPlan plan, ExpertClusterShape shape)
    {
        Assert.Equal(shape.Slots, plan.Slots.Length);
        Assert.Equal(Enumerable.Range(0, shape.Experts), plan.Slots.Distinct().Order());
    }

    private static void AssertApart(LayerPlan plan, ExpertClusterShape shape) =>
        Assert.All(plan.Slots.Chunk(shape.SlotsPerDevice), device => Assert.Equal(device.Length, device.Distinct().Count()));

    private static void AssertGroupsOnNodes(LayerPlan plan, ExpertClusterShape shape)
    {
        if (shape.IsHierarchical)
        {
            int groupSize = shape.Experts / shape.Groups;
            Assert.All(plan.Slots.Chunk(shape.Slots / shape.Nodes), node => Assert.Equal(shape.Groups / shape.Nodes, node.Select(expert => expert / groupSize).Distinct().Count()));
        }
    }

    // Kinds: lognormal of two deviations, Zipf, equal, one hot among none, few hot of very different size.
    private static double[] Draw(Random random, int experts, int kind) => kind switch
    {
        0 => Lognormal(random, experts, 0.5),
        1 => Lognormal(random, experts, 1),
        2 => Shuffled(random, [.. Enumerable.Range(1, experts).Select(rank => Math.Pow(rank, -0.8))]),
        3 => [.. Enumerable.Repeat(100.0, experts)],
        4 => Shuffled(random, [.. Enumerable.Range(0, experts).Select(rank => rank == 0 ? 1e12 : 0.0)]),
        _ => [.. Enumerable.Range(0, experts).Select(_ => Math.Pow(10, random.Next(-3, 13)))],
    };

    private static double[] Shuffled(Random random, double[] loads)
    {
        random.Shuffle(loads);
        return loads;
    }

    private static double[] Lognormal(Random random, int experts, double sigma) => [.. Enumerable.Range(0, experts).Select(_ =>
        Math.Exp(sigma * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];

    private static double[] Drift(Random random, double[] loads) => [.. loads.Select(load => load * (0.9 + (0.2 * random.NextDouble())))];
}
