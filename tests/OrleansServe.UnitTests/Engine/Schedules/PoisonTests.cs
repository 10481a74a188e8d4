using Xunit;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>Numbers that are not finite end the requests that meet them, each with the layer where they began, and no other.</summary>
public sealed class PoisonTests
{
    [Fact]
    public void Step_ExpertNotFinite_FailsTheRequestsThatMeetItAsAlone()
    {
        var (failed, served) = (0, 0);
        foreach (var seed in Enumerable.Range(0, 6))
        {
            using var healthy = World.DrawSparse(seed);
            using var world = World.DrawPoisoned(seed);
            using var driver = new EngineDriver(world.Weights, threads: 2, kvBlocks: 64, maxTokens: 2048);
            var sequences = world.Requests.Select((job, i) => new TestSequence(job.Prompt, [.. Enumerable.Range(8 * i, 8)]) { Sampling = job.Sampling, TopLogprobs = job.TopLogprobs }).ToArray();
            driver.Run([.. sequences.Select(s => s.Next(s.Pending))]);
            for (var i = 0; i < sequences.Length; i++)
            {
                // Alone, a failure may also come later: then this step is well.
                if (world.Expected[i].Length > 0)
                {
                    Assert.Equal(healthy.Expected[i][0], Outcome.Of(driver.Result[i], driver.Result.Logits(i)));
                    served++;
                }
                else
                {
                    Assert.Equal(world.Failures[i], driver.Result[i].Error);
                    Assert.EndsWith($"layer {world.PoisonedLayer} produced them first", driver.Result[i].Error, StringComparison.Ordinal);
                    failed++;
                }

                Assert.Equal(healthy.Expected[i][..world.Expected[i].Length], world.Expected[i]);
            }
        }

        Assert.True(failed > 0 && served > 0, $"{failed} requests failed, {served} were served: both were meant to be tried");
    }
}
