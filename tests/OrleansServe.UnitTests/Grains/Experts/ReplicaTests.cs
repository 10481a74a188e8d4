using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.UnitTests.Engine;
using OrleansServe.UnitTests.Gateway;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>Experts that several shards hold: who computes a row leaves no trace in its bits, and a shard that dies costs one retry.</summary>
public sealed class ReplicaTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 40).Select(i => 20 + (i * 7 % 200))];

    [Fact]
    public async Task Step_ReplicasElsewhere_EachComputesSomeRowsAndTheBitsAreTheSame()
    {
        await using ShardRig rig = new();
        ExpertShard[] shards = [rig.Add("expert-0", here: false, 0, 1, 2, 3, 4, 5), rig.Add("expert-1", here: false, 3, 4, 5, 6, 7, 0), rig.Add("expert-2", here: false, 6, 7, 0, 1, 2, 3)];
        rig.Route(shards);
        using EngineDriver alone = new(rig.Weights);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);
        AssertSameSteps(alone, spread, steps: 12);

        var rows = shards.Select(ShardRig.RowsOf).ToArray();
        Assert.Equal((Prompt.Length + 11) * rig.Config.NumExpertsPerTok * rig.MoeLayers.Length, rows.Sum(shard => shard.Values.Sum()));
        int shared = 0;
        foreach ((int Layer, int Expert) key in rows.SelectMany(shard => shard.Keys).Distinct())
        {
            long[] counts = [.. rows.Where(shard => shard.ContainsKey(key)).Select(shard => shard[key])];
            Assert.InRange(counts.Length, 2, 3);

            // As evenly as whole rows go.
            Assert.True(counts.Max() - counts.Min() <= 3, $"{key}: {string.Join(' ', counts)}");
            shared += counts.Sum() >= 8 ? 1 : 0;
        }

        Assert.True(shared > 4);
    }

    [Fact]
    public async Task Step_ReplicaInThisSilo_NoRowOfItTravels()
    {
        await using ShardRig rig = new();
        ExpertShard far = rig.Add("expert-0", here: false, 0, 1, 2, 3, 4, 5, 6, 7);
        ExpertShard own = rig.Add("expert-0", here: true, 2, 3);
        rig.Route(far, own);
        using EngineDriver alone = new(rig.Weights);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);
        AssertSameSteps(alone, spread, steps: 4);
        Assert.All(ShardRig.RowsOf(far), entry => Assert.True(entry.Key.Expert is not (2 or 3) || entry.Value == 0));
        Assert.True(ShardRig.RowsOf(own).Values.Sum() > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Step_ShardStopsWithReplicasElsewhere_GoesOnWithinTheStepAndIsNotAskedAgain(bool here)
    {
        await using ShardRig rig = new(time: new ManualTime());
        ExpertShard dying = rig.Add("expert-9", here, 0, 1, 2, 3, 4, 5, 6, 7);
        ExpertShard[] others = [rig.Add("expert-0", here: false, 0, 1, 2, 3), rig.Add("expert-1", here: false, 4, 5, 6, 7)];
        rig.Route([dying, .. others]);
        using EngineDriver alone = new(rig.Weights);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);
        float[] expected = alone.Feed(TestSequence.At(0, Prompt));
        Assert.Equal(expected, spread.Feed(TestSequence.At(0, Prompt)));
        long before = ShardRig.RowsOf(dying).Values.Sum();

        await rig.StopAsync(dying);
        Assert.Equal(expected, spread.Feed(TestSequence.At(0, Prompt)));
        Assert.Equal(expected, spread.Feed(TestSequence.At(0, Prompt)));

        Assert.Equal(before, ShardRig.RowsOf(dying).Values.Sum());
        Assert.True(before > 0);

        // One layer met the loss; those after it knew.
        Assert.Same(rig.Current, Assert.Single(rig.Distrusted));
    }

    [Fact]
    public async Task Step_ExpertNowhere_WaitsForRoutesThatHaveIt()
    {
        await using ShardRig rig = new(TimeSpan.FromMinutes(1));
        ExpertShard low = rig.Add("expert-0", here: false, 0, 1, 2, 3);
        ExpertShard high = rig.Add("expert-1", here: false, 4, 5, 6, 7);
        ExpertShard spare = rig.Add("expert-2", here: false, 4, 5, 6, 7);
        rig.Route(low, high);
        using EngineDriver alone = new(rig.Weights);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);
        await rig.StopAsync(high);
        int waits = 0;
        rig.Waiting = () =>
        {
            if (++waits == 3)
            {
                rig.Route(low, spare);
            }
        };

        Assert.Equal(alone.Feed(TestSequence.At(0, Prompt)), spread.Feed(TestSequence.At(0, Prompt)));
        Assert.Equal(3, waits);
    }

    [Fact]
    public async Task Step_ShardIsBusyForAMoment_IsAskedAgain()
    {
        await using ShardRig rig = new(TimeSpan.FromMinutes(1));
        ExpertShard low = rig.Add("expert-0", here: false, 0, 1, 2, 3);
        ExpertShard high = rig.Add("expert-1", here: false, 4, 5, 6, 7);
        rig.Route(low, high);
        using EngineDriver alone = new(rig.Weights);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);
        rig.FailNext(3);

        Assert.Equal(alone.Feed(TestSequence.At(0, Prompt)), spread.Feed(TestSequence.At(0, Prompt)));
        Assert.NotEmpty(rig.Distrusted);
    }

    [Fact]
    public async Task Step_ExpertNowhereForTooLong_FailsNamingIt()
    {
        await using ShardRig rig = new(TimeSpan.FromMilliseconds(120));
        ExpertShard low = rig.Add("expert-0", here: false, 0, 1, 2, 3);
        ExpertShard high = rig.Add("expert-1", here: false, 4, 5, 6, 7);
        rig.Route(low, high);
        using EngineDriver spread = new(rig.Weights, experts: rig.Dispatcher);
        await rig.StopAsync(high);
        int waits = 0;
        rig.Waiting = () => waits++;

        ExpertUnavailableException fault = Assert.Throws<ExpertUnavailableException>(() => spread.Feed(TestSequence.At(0, Prompt)));
        Assert.InRange(fault.Expert, 4, 7);
        Assert.Contains("shard there/expert-1", fault.Message, StringComparison.Ordinal);
        Assert.True(waits > 0);
    }

    private static void AssertSameSteps(EngineDriver alone, EngineDriver spread, int steps)
    {
        TestSequence expected = TestSequence.At(0, Prompt);
        TestSequence actual = TestSequence.At(0, Prompt);
        for (int step = 0; step < steps; step++)
        {
            float[] logits = alone.Feed(expected);
            Assert.Equal(logits.Select(BitConverter.SingleToUInt32Bits), spread.Feed(actual).Select(BitConverter.SingleToUInt32Bits));
            expected.Tokens.Add(alone.Result[0].Token);
            actual.Tokens.Add(alone.Result[0].Token);
        }
    }
}
