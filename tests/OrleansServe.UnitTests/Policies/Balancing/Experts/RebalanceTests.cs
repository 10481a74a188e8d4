using OrleansServe.Policies.Balancing.Experts;
using Xunit;

namespace OrleansServe.UnitTests.Policies.Balancing.Experts;

public sealed class RebalanceTests
{
    [Fact]
    public void Decide_UnevenLoads_MovesAndSaysWhatItGains()
    {
        ExpertPlacement present = Place([[0, 1], [2, 3]]);
        Rebalance decided = Rebalance.Decide([[30, 30, 10, 10]], present, slots: 2, mostMoved: 1, leastGain: 0.05);
        Assert.Equal((0.5, 40.0 / 60, 1.0), (decided.Gain, decided.Before, decided.After));
        Assert.Equal(2, decided.Placement!.MovedFrom(present));
        Assert.Equal([40, 40], decided.Placement.LoadsOf(0, [30, 30, 10, 10]));
    }

    [Theory]
    [InlineData(0.51, false)]
    [InlineData(0.49, true)]
    public void Decide_GainAtTheLimit_DecidesByIt(double leastGain, bool moves) =>
        Assert.Equal(moves, Rebalance.Decide([[30, 30, 10, 10]], Place([[0, 1], [2, 3]]), 2, 1, leastGain).Placement is not null);

    [Fact]
    public void Decide_NothingMayMove_KeepsThePlacement() =>
        Assert.Null(Rebalance.Decide([[30, 30, 10, 10]], Place([[0, 1], [2, 3]]), 2, 0, 0.01).Placement);

    [Fact]
    public void Decide_DeviceJoined_GivesItSomethingWhateverItGains()
    {
        Rebalance decided = Rebalance.Decide([[10, 10, 10, 10]], Place([[0, 1], [2, 3], []]), 2, 0, 10);
        Assert.True(decided.Placement!.IsUsed(2));
        Assert.Empty(decided.Placement.Missing(0, 4));
    }

    [Fact]
    public void Decide_MoreSlotsThanExperts_ReplicatesTheHottest()
    {
        ExpertPlacement planned = Rebalance.Decide([[90, 10, 10, 10]], Place([[0, 1], [2, 3]]), 3, 1, 0).Placement!;
        Assert.All(Enumerable.Range(0, 2), device => Assert.True(planned.Holds(0, device, 0)));
        Assert.InRange(planned.LoadsOf(0, [90, 10, 10, 10]).Max(), 60, 60.0001);
    }

    /// <summary>Whatever devices hold, complete or not, too many or too few: the plan has every expert, and no device more than its slots.</summary>
    [Fact]
    public void Decide_AnyPlacement_PlansEveryExpertWithinTheSlots()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            int experts = random.Next(2, 17);
            int devices = random.Next(1, 6);
            int slots = random.Next(0, 20);
            int layers = random.Next(1, 4);
            ExpertPlacement present = ExpertPlacement.Of([.. Enumerable.Range(0, layers).Select(_ => (IReadOnlyList<IEnumerable<int>>)[.. Enumerable.Range(0, devices)
                .Select(_ => Enumerable.Range(0, experts).Where(_ => random.Next(3) > 0).ToArray())])]);
            double[][] loads = [.. Enumerable.Range(0, layers).Select(_ => Enumerable.Range(0, experts).Select(_ => (double)random.Next(100)).ToArray())];

            Rebalance decided = Rebalance.Decide(loads, present, slots, random.NextDouble(), 0);

            int most = Math.Clamp(slots, (experts + devices - 1) / devices, experts);
            for (int layer = 0; layer < layers && decided.Placement is { } planned; layer++)
            {
                Assert.Empty(planned.Missing(layer, experts));
                Assert.Equal(loads[layer].Sum(), planned.LoadsOf(layer, loads[layer]).Sum(), 1e-6);
                for (int device = 0; device < devices; device++)
                {
                    Assert.InRange(planned.ExpertsOf(layer, device).Length, 1, most);
                }
            }

            Assert.True(decided.Placement is not null || present.Missing(0, experts).Count == 0, $"seed {seed}");
        }
    }

    [Fact]
    public void Complete_OrphansOfSeveralLayers_GoToTheEmptiestDevices()
    {
        ExpertPlacement left = ExpertPlacement.Of([(IReadOnlyList<IEnumerable<int>>)[[0, 1, 2], [3]], [[0], [1]]]);
        (ExpertPlacement placement, int orphans) = OrphanPlacement.Complete(left, 5);
        Assert.Equal(1 + 3, orphans);
        Assert.Equal([[0, 1, 2], [3, 4]], Show(placement, 0));
        Assert.Equal([[0, 2, 4], [1, 3]], Show(placement, 1));
        Assert.Equal(4, placement.MovedFrom(left));
    }

    [Fact]
    public void Complete_NoDevice_Throws() => Assert.Throws<ArgumentException>(() => OrphanPlacement.Complete(ExpertPlacement.Of([[]]), 2));

    private static int[][] Show(ExpertPlacement placement, int layer) => [.. Enumerable.Range(0, placement.Devices).Select(device => placement.ExpertsOf(layer, device).ToArray())];

    private static ExpertPlacement Place(params int[][][] layers) => ExpertPlacement.Of([.. layers.Select(layer => (IReadOnlyList<IEnumerable<int>>)layer)]);
}
