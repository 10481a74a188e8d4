using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Transfer.InProcess;
using OrleansServe.UnitTests.Gateway;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>How long others can keep an interactive request waiting, in steps of the engine: no time is measured.</summary>
public sealed class StallTests : IDisposable
{
    private const int Marker = 250;
    private const int Blocks = 13;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly SchedulingSettings Interactive = new(ServicePriority.Interactive, "watcher");
    private readonly WorkerRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Decode_HostileMixture_InteractiveStreamIsInEveryStepAndFindsRoomAtOnce()
    {
        await using ServingRig rig = new(_rig, Blocks);
        List<(int Step, int Others)> rows = [];
        int step = 0;
        rig.DecodeEngine.Stepping = plan =>
        {
            step++;
            for (int i = 0; i < plan.Count; i++)
            {
                if (FirstToken(plan[i]) == Marker)
                {
                    rows.Add((step, plan.Count - 1));
                }
            }
        };

        // One of the others at a time holds blocks that nobody can take from it, since its prompt is on its way: at most five. With the watched
        // stream's four, there is always something left to take from those that stream.
        using SemaphoreSlim entrance = new(1);
        using CancellationTokenSource done = new();
        Task[] others = [.. Enumerable.Range(0, 8).Select(client => DisturbAsync(rig, new Random(client), entrance, done.Token))];
        Random random = new(31);
        int beside = 0;
        for (int request = 0; request < 4 || (await rig.CountAsync("orleansserve_preemptions_total") < 3 && request < 100); request++)
        {
            WorkerJob job = WorkerJob.Draw(random, 120, 130) with { Scheduling = Interactive };
            job = job with { Prompt = job.Prompt.SetItem(0, Marker) };
            Guid id = Guid.NewGuid();
            Task<IReadOnlyList<string>> stream = rig.Streams.Listen(id);
            Assert.Equal(0, await rig.BeginAsync(job, id));
            Assert.Equal(129, (await stream.WaitAsync(Patience)).Count);
            await rig.Decode.CheckIntegrityAsync();

            // Behind the check nothing of this stream is under way, and nobody else has the marker.
            Assert.Equal(Enumerable.Range(rows[0].Step, rows.Count), rows.Select(row => row.Step));
            beside += rows.Count(row => row.Others > 0);
            rows.Clear();
        }

        await done.CancelAsync();
        await Task.WhenAll(others).WaitAsync(Patience);
        Assert.True(beside > 0, "the stream was meant to have company");
        Assert.InRange(await rig.CountAsync("orleansserve_preemptions_total"), 1, double.MaxValue);
    }

    [Fact]
    public async Task Prefill_HugePromptsOfLowerClassesComeAndGo_InteractivePromptIsInTheNextStepWhole()
    {
        WatchedEngine engine = _rig.Engine(kvBlocks: 128);
        using SemaphoreSlim begun = new(0);
        using SemaphoreSlim gate = new(0);
        Dictionary<int, int> tokens = [];
        engine.Stepping = plan =>
        {
            tokens.Clear();
            for (int i = 0; i < plan.Count; i++)
            {
                tokens[FirstToken(plan[i])] = plan[i].Tokens.Length;
            }

            begun.Release();
            Assert.True(gate.Wait(Patience));
        };
        await using PrefillWorker worker = new(new WorkerId("p", "prefill-0"), engine, _rig.Context(new InProcessNetwork().Join("p"), time: new ManualTime()));
        worker.Start();
        using CancellationTokenSource gone = new();
        List<Task<PrefillResult>> huge = [];
        for (int i = 0; i < 24; i++)
        {
            // 24 times 14 blocks: most of them wait for room.
            huge.Add(worker.PrefillAsync(Request(i, 0, 880, i % 2 == 0 ? ServicePriority.Standard : ServicePriority.Batch), i % 3 == 0 ? gone.Token : default));
        }

        Assert.True(await begun.WaitAsync(Patience));
        for (int round = 0; round < 10; round++)
        {
            await NextStepAsync();
            if (round == 5)
            {
                await gone.CancelAsync();
            }

            // It comes while a step is computed: the next one computes all of it, though that one's budget is not larger than a chunk.
            Task<PrefillResult> answer = worker.PrefillAsync(Request(Marker, round, 100, ServicePriority.Interactive), default);
            await NextStepAsync();
            Assert.Equal(100, tokens[Marker]);
            Assert.Equal(28, tokens.Where(chunk => chunk.Key != Marker).Sum(chunk => chunk.Value));
            await NextStepAsync();
            Assert.Null((await answer.WaitAsync(Patience)).Error);
        }

        gate.Release(10_000);
        foreach (Task<PrefillResult> answer in huge)
        {
            try
            {
                Assert.Null((await answer.WaitAsync(Patience)).Error);
            }
            catch (OperationCanceledException)
            {
                Assert.True(gone.IsCancellationRequested);
            }
        }

        Assert.Equal(0, (await worker.CheckIntegrityAsync()).KvBlocksUsed);

        // Lets the step that stands still go on, and waits until the next one stands.
        async Task NextStepAsync()
        {
            gate.Release();
            Assert.True(await begun.WaitAsync(Patience));
        }
    }

    private static int FirstToken(in StepSequence sequence) => sequence.StartPosition > 0 ? sequence.History.Span[0] : sequence.Tokens.Span[0];

    private static PrefillRequest Request(int marker, int second, int tokens, ServicePriority priority)
    {
        ImmutableArray<int> prompt = [marker, second, .. Enumerable.Range(0, tokens - 2).Select(i => (i * 7) % 200)];
        return new PrefillRequest(
            Guid.NewGuid(), prompt, [], new SamplingSettings(0, 1, 0, 0, 0, 0), null, WorkerRig.KvFormatHex, new SchedulingSettings(priority, "tenant"));
    }

    private static async Task DisturbAsync(ServingRig rig, Random random, SemaphoreSlim entrance, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            WorkerJob job = WorkerJob.Draw(random, random.Next(1, 250), random.Next(60, 240)) with
            {
                Scheduling = new SchedulingSettings(random.Next(2) == 0 ? ServicePriority.Standard : ServicePriority.Batch, $"tenant {random.Next(3)}"),
            };
            Guid id = Guid.NewGuid();
            Task stream = rig.Streams.Listen(id);
            await entrance.WaitAsync(CancellationToken.None);
            try
            {
                await rig.BeginAsync(job, id);
                await rig.Decode.CheckIntegrityAsync();
            }
            finally
            {
                entrance.Release();
            }

            if (random.Next(3) > 0)
            {
                await stream.WaitAsync(Patience, CancellationToken.None);
            }
            else
            {
                await rig.Decode.ReleaseAsync(id);
            }
        }
    }
}
