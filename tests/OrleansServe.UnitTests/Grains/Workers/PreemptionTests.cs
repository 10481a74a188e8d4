using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.KvBlocks;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

public sealed class PreemptionTests : IDisposable
{
    private readonly WorkerRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Decode_MoreThanTheBlocksHold_EveryStreamIsTheSameAsAlone()
    {
        Random random = new(11);
        WorkerJob[] jobs = [.. Enumerable.Range(0, 12).Select(_ => WorkerJob.Draw(random, random.Next(10, 150), random.Next(60, 200)))];
        IReadOnlyList<string>[] alone = new IReadOnlyList<string>[jobs.Length];
        await using (ServingRig unhurried = new(_rig, decodeBlocks: 64))
        {
            for (int i = 0; i < jobs.Length; i++)
            {
                alone[i] = await unhurried.ServeAsync(jobs[i]);
            }

            Assert.Equal(0, await unhurried.CountAsync("orleansserve_preemptions_total"));
        }

        // Twelve streams of up to six blocks each on eight blocks.
        await using ServingRig crowded = new(_rig, decodeBlocks: 8);
        IReadOnlyList<string>[] together = await Task.WhenAll(jobs.Select(job => crowded.ServeAsync(job)));
        Assert.Equal(alone, together);
        Assert.InRange(await crowded.CountAsync("orleansserve_preemptions_total"), 1, double.MaxValue);
        Assert.InRange(await crowded.CountAsync("orleansserve_recomputed_tokens_total"), 1, double.MaxValue);
        WorkerLoad load = await crowded.Decode.CheckIntegrityAsync();
        Assert.Equal((0, 0, 0), (load.KvBlocksUsed, load.RunningRequests, load.QueuedRequests));
    }

    [Fact]
    public async Task Decode_InteractiveRequestsComeToAWorkerFullOfBatch_BatchGivesWayAndLosesNothing()
    {
        Random random = new(12);
        WorkerJob[] batch = [.. Enumerable.Range(0, 4).Select(_ => WorkerJob.Draw(random, 100, 150) with { Scheduling = new SchedulingSettings(ServicePriority.Batch, "b") })];
        WorkerJob urgent = WorkerJob.Draw(random, 250, 100) with { Scheduling = new SchedulingSettings(ServicePriority.Interactive, "i") };
        await using ServingRig rig = new(_rig, decodeBlocks: 8);
        Task<IReadOnlyList<string>>[] streams = [.. batch.Select(job => rig.ServeAsync(job))];
        Assert.Equal(99, (await rig.ServeAsync(urgent)).Count);
        Assert.All(await Task.WhenAll(streams), stream => Assert.Equal(149, stream.Count));
        Assert.InRange(await rig.CountAsync("orleansserve_preemptions_total"), 1, double.MaxValue);
    }

    [Fact]
    public async Task Decode_HostileMixture_LeavesThePoolIntact()
    {
        Random random = new(13);
        await using ServingRig rig = new(_rig, decodeBlocks: 10);
        List<Task> running = [];
        for (int i = 0; i < 60; i++)
        {
            WorkerJob job = WorkerJob.Draw(random, random.Next(1, 300), random.Next(2, 120));
            running.Add(random.Next(4) switch
            {
                // Reserved and forgotten, then released; released in the middle; or served to the end.
                0 => AbandonAsync(rig, job),
                1 => CutShortAsync(rig, job),
                _ => rig.ServeAsync(job),
            });
            if (running.Count > 12)
            {
                Task ended = await Task.WhenAny(running);
                running.Remove(ended);
                await ended;
                await rig.Decode.CheckIntegrityAsync();
            }
        }

        await Task.WhenAll(running);
        WorkerLoad load = await rig.Decode.CheckIntegrityAsync();
        Assert.Equal((0, 0, 0), (load.KvBlocksUsed, load.RunningRequests, load.QueuedRequests));
    }

    [Fact]
    public async Task Reserve_LongerThanTheWorkersBlocks_IsRefusedWithTheNumbers()
    {
        await using ServingRig rig = new(_rig, decodeBlocks: 4);
        WorkerJob job = WorkerJob.Draw(new Random(1), 200, 57);
        ReserveResult result = await rig.Decode.ReserveAsync(
            new ReserveRequest(Guid.NewGuid(), job.Prompt, [], 57, WorkerRig.KvFormatHex, SchedulingSettings.Default));
        Assert.Equal("prompt of 200 tokens and max_tokens 57 must be at least 1 and 2, and together at most 256", result.Refusal);
    }

    private static async Task AbandonAsync(ServingRig rig, WorkerJob job)
    {
        Guid id = Guid.NewGuid();
        await rig.Decode.ReserveAsync(new ReserveRequest(
            id, job.Prompt, KvBlockHasher.HashPrompt(job.Prompt.AsSpan(), WorkerRig.KvFormat), job.MaxTokens, WorkerRig.KvFormatHex, job.Scheduling));
        await rig.Decode.CheckIntegrityAsync();
        await rig.Decode.ReleaseAsync(id);
    }

    private static async Task CutShortAsync(ServingRig rig, WorkerJob job)
    {
        Guid id = Guid.NewGuid();
        await rig.BeginAsync(job, id);
        await rig.Decode.CheckIntegrityAsync();
        await rig.Decode.ReleaseAsync(id);
    }
}
