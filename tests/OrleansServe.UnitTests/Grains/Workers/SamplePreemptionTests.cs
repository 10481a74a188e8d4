using OrleansServe.Abstractions.Workers;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>Requests of several samples, which share their prompt's blocks, where blocks are scarce.</summary>
public sealed class SamplePreemptionTests : IDisposable
{
    private const int Requests = 8;
    private readonly WorkerRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(0, 7)]
    [InlineData(1, 8)]
    [InlineData(3, 10)]
    public async Task Decode_SamplesOnHardlyAnyBlocks_AreTheSameAsAlone(int drafts, int blocks)
    {
        Random random = new(20 + drafts);
        WorkerJob[] jobs = [.. Enumerable.Range(0, Requests).Select(_ => WorkerJob.Draw(random, random.Next(10, 190), random.Next(40, 150)))];

        // Two that begin alike: their blocks are shared between requests, too.
        jobs[1] = jobs[1] with { Prompt = [.. jobs[0].Prompt, .. jobs[1].Prompt.Take(20)] };
        int[] samples = [.. jobs.Select(_ => random.Next(2, 5))];
        IReadOnlyList<string>[][] alone = new IReadOnlyList<string>[Requests][];
        await using (ServingRig unhurried = new(_rig, decodeBlocks: 64, drafts: 0))
        {
            for (int i = 0; i < Requests; i++)
            {
                alone[i] = await unhurried.ServeAsync(jobs[i], samples[i]);
            }

            Assert.Equal(0, await unhurried.CountAsync("orleansserve_preemptions_total"));
        }

        await using ServingRig crowded = new(_rig, blocks, drafts);
        IReadOnlyList<string>[][] together = await Task.WhenAll(jobs.Select((job, i) => crowded.ServeAsync(job, samples[i])));
        Assert.Equal(alone, together);
        Assert.InRange(await crowded.CountAsync("orleansserve_preemptions_total"), 1, double.MaxValue);
        Assert.InRange(await crowded.CountAsync("orleansserve_recomputed_tokens_total"), 1, double.MaxValue);
        WorkerLoad load = await crowded.Decode.CheckIntegrityAsync();
        Assert.Equal((0, 0, 0), (load.KvBlocksUsed, load.RunningRequests, load.QueuedRequests));
    }
}
