using System.Collections.Concurrent;
using OrleansServe.UnitTests.Engine;
using OrleansServe.UnitTests.Engine.Schedules;
using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.UnitTests.Grains.Workers.Schedules;

/// <summary>
/// The same promise through real workers: prefill here, decode there, blocks so scarce that requests wait and give way, clients that leave and
/// come back. The seed draws what is tried; who comes first is left to the threads, since nothing may depend on it.
/// </summary>
public sealed class WorkerScheduleTests(ITestOutputHelper output)
{
    private const int Worlds = 12;
    private const int SchedulesPerWorld = 4;
    private const int PoisonedWorlds = 6;

    // How often is up to the threads, so the test goes on until each has happened.
    private static readonly string[] Kinds =
        ["drafts verified", "drafts accepted", "preempted", "tokens computed again", "left during prefill", "left while decoding", "prompt tokens from the cache"];

    [Fact]
    public async Task Serve_AnyTrafficOnAnyWorkers_GivesTheBitsOfTheRequestAlone()
    {
        ConcurrentDictionary<string, int> events = new(StringComparer.Ordinal);
        foreach (int seed in Fuzzing.Seeds(Worlds, () => Kinds.All(kind => events.GetValueOrDefault(kind) > 0)))
        {
            try
            {
                using World world = World.Draw(seed);
                for (int i = 0; i < SchedulesPerWorld; i++)
                {
                    await ServeAsync(world, new Random((seed * SchedulesPerWorld) + i), (kind, times) => events.AddOrUpdate(kind, times, (_, sum) => sum + times));
                }
            }
            catch (Exception e)
            {
                throw Fuzzing.Failed(seed, e);
            }
        }

        Assert.All(Kinds, kind => Assert.True(events.GetValueOrDefault(kind) > 0 || events["requests"] < 100, $"{kind}: never in {events["requests"]} requests"));
        output.WriteLine(string.Join(", ", events.OrderBy(e => e.Key).Select(e => $"{e.Key}: {e.Value}")));
    }

    [Fact]
    public async Task Serve_ExpertNotFinite_EndsThoseRequestsAloneAndNamesTheLayer()
    {
        ConcurrentDictionary<string, int> events = new(StringComparer.Ordinal);
        foreach (int seed in Fuzzing.Seeds(PoisonedWorlds))
        {
            try
            {
                using World world = World.DrawPoisoned(seed);
                Assert.All(world.Failures, failure => Assert.True(failure is null || failure.EndsWith($": layer {world.PoisonedLayer} produced them first", StringComparison.Ordinal), failure));
                await ServeAsync(world, new Random(seed), (kind, times) => events.AddOrUpdate(kind, times, (_, sum) => sum + times));
            }
            catch (Exception e)
            {
                throw Fuzzing.Failed(seed, e);
            }
        }

        output.WriteLine(string.Join(", ", events.OrderBy(e => e.Key).Select(e => $"{e.Key}: {e.Value}")));
        Assert.True(events["requests"] < 20 || (events.GetValueOrDefault("failed") > 0 && events.GetValueOrDefault("served") > 0), "requests of both kinds were meant to be drawn");
    }

    private static async Task ServeAsync(World world, Random random, Action<string, int> count)
    {
        await using WorkerCluster cluster = new(world, random);
        List<Task> errands = [];
        long tokens = 0;
        foreach (int request in Enumerable.Range(0, world.Requests.Length).Where(i => world.Requests[i].Sampling.SampleIndex == 0).OrderBy(_ => random.Next()))
        {
            errands.Add(new Errand(cluster, request, new Random(random.Next()), count).RunAsync(random.NextInt64(tokens + 1)));
            tokens += world.Requests[request].MaxTokens;
        }

        count("requests", errands.Count);
        while (errands.Count > 0)
        {
            // The first failure is the test's: the others may be waiting for tokens that will not come.
            Task done = await Task.WhenAny(errands).WaitAsync(WorkerCluster.Patience);
            await done;
            errands.Remove(done);
        }

        count("preempted", (int)await cluster.CountAsync("orleansserve_preemptions_total"));
        count("tokens computed again", (int)await cluster.CountAsync("orleansserve_recomputed_tokens_total"));
        await cluster.AssertIdleAsync();
        await cluster.AssertNoPoisonAsync();
    }
}
