using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.UnitTests.Engine;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

public sealed class ShardedExpertDispatcherTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 40).Select(i => 20 + (i * 7 % 200))];

    [Fact]
    public async Task Step_OwnAndRemoteShards_GivesTheBitsOfLocalExpertsAndCountsEveryRow()
    {
        await using ShardRig rig = new();
        ExpertShard own = rig.Add("expert-0", here: true, 0, 1, 2);
        ExpertShard second = rig.Add("expert-1", here: true, 5);
        ExpertShard far = rig.Add("expert-0", here: false, 3, 4, 6, 7);
        rig.Route(own, second, far);
        RoutingCount counted = new(rig.Dispatcher);
        using EngineDriver alone = new(rig.Weights);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: counted);

        TestSequence expected = TestSequence.At(0, Prompt);
        TestSequence actual = TestSequence.At(0, Prompt);
        for (int step = 0; step < 12; step++)
        {
            float[] logits = alone.Feed(expected);
            Assert.Equal(logits.Select(BitConverter.SingleToUInt32Bits), spread.Feed(actual).Select(BitConverter.SingleToUInt32Bits));
            expected.Tokens.Add(alone.Result[0].Token);
            actual.Tokens.Add(alone.Result[0].Token);
        }

        Dictionary<(int Layer, int Expert), long> rows = new[] { own, second, far }.SelectMany(ShardRig.RowsOf).ToDictionary(entry => entry.Key, entry => entry.Value);
        Assert.Equal(
            counted.Rows.OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value)),
            rows.Where(entry => entry.Value > 0).OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value)));
        Assert.Equal((Prompt.Length + 11) * rig.Config.NumExpertsPerTok * rig.MoeLayers.Length, rows.Values.Sum());
        Assert.All(new[] { own, second, far }, shard => Assert.True(ShardRig.RowsOf(shard).Values.Sum() > 0));
    }

    [Fact]
    public async Task Step_OwnShardStopped_FailsUntilTheRoutesChange()
    {
        await using ShardRig rig = new();
        ExpertShard own = rig.Add("expert-0", here: true, 0, 1, 2, 3);
        ExpertShard far = rig.Add("expert-0", here: false, 4, 5, 6, 7);
        ExpertShard spare = rig.Add("expert-1", here: false, 0, 1, 2, 3);
        rig.Route(own, far);
        using EngineDriver alone = new(rig.Weights);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);
        float[] before = spread.Feed(TestSequence.At(0, Prompt));

        await rig.StopAsync(own);
        ExpertUnavailableException fault = Assert.Throws<ExpertUnavailableException>(() => spread.Feed(TestSequence.At(0, Prompt)));
        long counted = ShardRig.RowsOf(own).Values.Sum();
        rig.Route(spare, far);
        float[] after = spread.Feed(TestSequence.At(0, Prompt));

        Assert.Contains("shard here/expert-0: it is stopping", fault.Message, StringComparison.Ordinal);
        Assert.InRange(fault.Expert, 0, 3);
        Assert.Equal(alone.Feed(TestSequence.At(0, Prompt)), before);
        Assert.Equal(before, after);
        Assert.Equal(counted, ShardRig.RowsOf(own).Values.Sum());
    }

    [Fact]
    public async Task Step_RemoteShardStopped_FailsAndOwnExpertsGoOn()
    {
        await using ShardRig rig = new();
        ExpertShard own = rig.Add("expert-0", here: true, 0, 1, 2, 3);
        ExpertShard far = rig.Add("expert-0", here: false, 4, 5, 6, 7);
        ExpertShard spare = rig.Add("expert-1", here: true, 4, 5, 6, 7);
        rig.Route(own, far);
        using EngineDriver spread = new(rig.Weights, threads: 2, experts: rig.Dispatcher);
        float[] before = spread.Feed(TestSequence.At(0, Prompt));

        await rig.StopAsync(far);
        ExpertUnavailableException fault = Assert.Throws<ExpertUnavailableException>(() => spread.Feed(TestSequence.At(0, Prompt)));
        rig.Route(own, spare);

        Assert.Contains("shard there/expert-0", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, spread.Feed(TestSequence.At(0, Prompt)));
    }

    [Fact]
    public async Task Step_RoutesThatAreWrong_FailsAndTheEngineGoesOn()
    {
        await using ShardRig rig = new();
        ExpertShard own = rig.Add("expert-0", here: true, 0, 1, 2, 3);
        ExpertShard far = rig.Add("expert-0", here: false, 4, 5, 6, 7);
        using EngineDriver spread = new(rig.Weights, experts: rig.Dispatcher);

        Assert.Throws<ExpertUnavailableException>(() => spread.Feed(TestSequence.At(0, Prompt)));
        rig.Route(own);
        Assert.Throws<ExpertUnavailableException>(() => spread.Feed(TestSequence.At(0, Prompt)));
        rig.Route(own, far);
        spread.Feed(TestSequence.At(0, Prompt));

        Assert.Null(spread.Result[0].Error);
    }

    [Fact]
    public async Task Dispose_AnEngineComputes_WaitsForIt()
    {
        await using ShardRig rig = new();
        ExpertShard own = rig.Add("expert-0", here: true, 0);
        UseGate inside = own.TryEnter()!;

        Task disposed = rig.StopAsync(own);

        Assert.False(disposed.IsCompleted);
        inside.Exit();
        await disposed;
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(false, 4)]
    public async Task Step_SteadyDecoding_AllocatesNothing(bool here, int sequences)
    {
        await using ShardRig rig = new();
        rig.Route(rig.Add("expert-0", here: true, 0, 1, 2, 3), rig.Add("expert-1", here, 4, 5, 6, 7));
        using EngineDriver spread = new(rig.Weights, experts: rig.Dispatcher, second: rig.Second);
        TestSequence sequence = TestSequence.At(0, Prompt);
        spread.Feed(sequence);
        OrleansServe.Engine.StepSequence again = new()
        {
            Tokens = new int[] { 5 },
            StartPosition = Prompt.Length,
            Blocks = sequence.Blocks,
            SampleRows = 1,
        };
        spread.Plan.Clear();
        for (int i = 0; i < sequences; i++)
        {
            spread.Plan.Add(again with { Blocks = Enumerable.Range(5 * i, sequence.Blocks.Length).ToArray() });
        }

        for (int step = 0; step < 50; step++)
        {
            spread.Engine.Step(spread.Plan, spread.Result);
        }

        SteadyState.RequireNoAllocation(() =>
        {
            for (int step = 0; step < 100; step++)
            {
                spread.Engine.Step(spread.Plan, spread.Result);
            }
        });
    }
}
