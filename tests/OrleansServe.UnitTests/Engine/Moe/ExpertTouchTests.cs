using Xunit;

namespace OrleansServe.UnitTests.Engine.Moe;

/// <summary>What a step reads of its experts: counted, because time tells nothing on a shared machine.</summary>
public sealed class ExpertTouchTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 1)]
    [InlineData(16, 2)]
    [InlineData(61, 3)]
    [InlineData(200, 2)]
    public void Step_AnyRowsAndThreads_ReadsEachActiveExpertsWeightsOnce(int rows, int threads)
    {
        var weights = TestModel.Golden("v3-fp8-tiny");
        var dispatcher = new CountingDispatcher(weights.Experts!);
        using var driver = new EngineDriver(weights, threads, experts: dispatcher);
        driver.Feed(TestSequence.At(0, [.. Enumerable.Range(0, rows).Select(i => 1 + (i * 7 % 90))]));

        Assert.Null(driver.Result[0].Error);
        Assert.NotEmpty(dispatcher.Routed);
        Assert.Equal(dispatcher.Routed.Count, dispatcher.Routed.DistinctBy(r => r.Layer).Count());
        foreach (var (layer, ids) in dispatcher.Routed)
        {
            var computed = dispatcher.Computed.Where(c => c.Layer == layer).ToArray();
            Assert.Equal(ids.Distinct().Order(), computed.Select(c => c.Expert));
            foreach (var (_, expert, slots, matrices) in computed)
            {
                Assert.Equal(ids.Count(id => id == expert), slots);
                Assert.All(matrices, matrix =>
                {
                    Assert.All(matrix.Passes, passes => Assert.Equal(1, passes));
                    Assert.All(matrix.Rows, count => Assert.Equal(slots, count));
                });
            }
        }
    }

    [Fact]
    public void Step_SequencesTogether_ReadLessThanOneAfterAnother()
    {
        const int Sequences = 16;
        var weights = TestModel.Golden("v3-fp8-tiny");
        var together = new CountingDispatcher(weights.Experts!);
        var alone = new CountingDispatcher(weights.Experts!);
        using (var driver = new EngineDriver(weights, 2, experts: together))
        {
            driver.Run([.. Enumerable.Range(0, Sequences).Select(i => TestSequence.At(2 * i, [1 + (i * 5)]).Next(1, 1))]);
        }

        using (var driver = new EngineDriver(weights, 2, experts: alone))
        {
            for (var i = 0; i < Sequences; i++)
            {
                driver.Run(TestSequence.At(2 * i, [1 + (i * 5)]).Next(1, 1));
            }
        }

        // The same rows reach the same experts; only how often the weights are gone through differs.
        Assert.Equal(alone.Computed.Sum(c => c.Slots), together.Computed.Sum(c => c.Slots));
        Assert.Equal(alone.Computed.Select(c => (c.Layer, c.Expert)).Distinct().Count(), together.Computed.Count);
        Assert.True(together.Computed.Count < alone.Computed.Count);
    }
}
