using OrleansServe.Cli.Bench;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;
using OrleansServe.Model.Synthesis;

using Xunit;

namespace OrleansServe.UnitTests.Cli.Bench;

public sealed class CostModelTests
{
    // Counted by hand from nano's shape: 128 wide, 4 heads of 32 + 16 and 32, ranks 64 and 64, 3 layers of which 1 is dense (256),
    // 8 experts of 64 of which 2 are chosen, 1 shared.
    private const int Attention = (64 * 128) + (4 * 48 * 64) + (80 * 128) + (4 * 64 * 64) + (128 * 4 * 32);
    private const int Vectors = 128 + 64 + 64 + 128;
    private const int Dense = (3 * 256 * 128) + (2 * ((8 * 128) + (3 * 64 * 128)));
    private const int Expert = 3 * 64 * 128;
    private const int Head = 512 * 128;

    private static readonly CostModel Nano = new(SyntheticPreset.Nano.Config, Bytes);

    [Fact]
    public void Of_OneTokenOfNano_IsWhatTheShapeSays()
    {
        StepCost cost = Nano.Of(StepShape.Decode(batch: 1, context: 100, cachedPositions: 100, experts: 4));

        double matrices = (3 * Attention) + Dense + Head + (4 * Expert);
        double vectors = (3 * Vectors) + 128 + (2 * 8);
        Assert.Equal((2 * (matrices + 128)) + (4 * vectors) + (100 * 3 * 80 * 4), cost.Bytes);
        Assert.Equal(matrices + (100 * 3 * 4 * (80 + 64)), cost.MultiplyAdds);
    }

    [Fact]
    public void Of_LargerBatch_ReadsWeightsOnceAndComputesForEachRow()
    {
        StepCost one = Nano.Of(StepShape.Decode(1, 64, 64, experts: 4));
        StepCost sixteen = Nano.Of(StepShape.Decode(16, 64, 16 * 64, experts: 4));

        Assert.Equal(16 * one.MultiplyAdds, sixteen.MultiplyAdds);
        Assert.Equal(one.Bytes + (15 * 2 * 128) + (15 * 64 * 3 * 80 * 4), sixteen.Bytes);
    }

    [Fact]
    public void Of_MoreDistinctExperts_ReadsEachOnceMore() =>
        Assert.Equal(
            6 * 2 * Expert,
            Nano.Of(StepShape.Decode(4, 64, 256, experts: 10)).Bytes - Nano.Of(StepShape.Decode(4, 64, 256, experts: 4)).Bytes);

    [Fact]
    public void Of_Prefill_AttendsToEveryEarlierPositionAndSamplesOnce()
    {
        double perToken = (3 * Attention) + Dense + (4 * Expert);

        StepCost cost = Nano.Of(StepShape.Prefill(10, experts: 16));

        Assert.Equal((10 * perToken) + Head + (55 * 3 * 4 * (80 + 64)), cost.MultiplyAdds);
    }

    [Fact]
    public void Of_Lite_ComputesTheActiveParameters()
    {
        // The published 2.4 B active parameters.
        StepCost cost = new CostModel(SyntheticPreset.Lite.Config, Bytes).Of(new StepShape(1, 1, 0, 0, 26 * 6));

        Assert.InRange(cost.MultiplyAdds, 2.4e9, 2.5e9);
        Assert.InRange(cost.Bytes / cost.MultiplyAdds, 2, 2.001);
    }

    [Fact]
    public void Of_DenseModel_HasNoExperts()
    {
        ModelConfig dense = SyntheticPreset.Nano.Config with { NRoutedExperts = null, NumExpertsPerTok = 0, NSharedExperts = 0, TopkMethod = TopkMethod.Greedy };

        StepCost cost = new CostModel(dense, Bytes).Of(StepShape.Decode(1, 1, 1, 0));

        Assert.Equal((3 * Attention) + (3 * 3 * 256 * 128) + Head + (3 * 4 * (80 + 64)), cost.MultiplyAdds);
    }

    [Theory]
    [InlineData(8, 1, true, 4)]
    [InlineData(2, 3, false, 3)]
    [InlineData(2, 1, true, 1)]
    public void LeastSeconds_IsTheLongerOfReadingAndComputing(double bytes, double multiplyAdds, bool memory, double seconds)
    {
        StepCost cost = new(bytes, multiplyAdds);
        MachineLimits machine = new(BytesPerSecond: 2, MultiplyAddsPerSecond: 1);

        Assert.Equal(memory, cost.IsBoundByMemory(machine));
        Assert.Equal(seconds, cost.LeastSeconds(machine));
        BenchPoint point = new(1, 1, 1, 1, Seconds: 4 * seconds, FastestSeconds: 2 * seconds, 0, cost, machine);
        Assert.Equal(0.25, point.ShareOfLimit);
        Assert.Equal(0.5, point.BestShareOfLimit);
    }

    private static double Bytes(TensorRequirement tensor) => tensor.Shape.Length > 1 ? 2 : 4;
}
