using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Engine.Kv;
using OrleansServe.Grains;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.Transfer.InProcess;
using OrleansServe.UnitTests.Engine.Schedules;
using OrleansServe.UnitTests.Gateway;
using Prometheus;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers.Schedules;

/// <summary>Real workers on one world's model, as many and as small as the seed has it, and a gateway's desk for their tokens.</summary>
internal sealed class WorkerCluster : IAsyncDisposable
{
    public static readonly byte[] KvFormat = [1];
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly InProcessNetwork _network = new();
    private readonly CollectorRegistry _metrics = Metrics.NewCustomRegistry();

    public WorkerCluster(World world, Random random)
    {
        World = world;
        InProcessDataPlane gateway = _network.Join("gateway");
        gateway.RegisterTokens(Desk);
        GatewayAddress = gateway.Address;
        Prefill = [.. Enumerable.Range(0, random.Next(1, 3)).Select(i => Start(new PrefillWorker(new WorkerId($"p{i}", "prefill-0"), DrawEngine(random), Context($"p{i}", random))))];
        Decode = [.. Enumerable.Range(0, random.Next(1, 3)).Select(i => Start(new DecodeWorker(new WorkerId($"d{i}", "decode-0"), Foresee(DrawEngine(random), random), Context($"d{i}", random))))];
    }

    public World World { get; }

    public TokenDesk Desk { get; } = new();

    public string GatewayAddress { get; }

    public PrefillWorker[] Prefill { get; }

    public DecodeWorker[] Decode { get; }

    /// <summary>A counter of all workers together.</summary>
    public Task<double> CountAsync(string name) => MetricText.SumAsync(_metrics, name);

    /// <summary>Every block is back, every count is right, and no worker has ended.</summary>
    public async Task AssertIdleAsync()
    {
        foreach (Func<Task<WorkerLoad>> check in Prefill.Select(w => (Func<Task<WorkerLoad>>)w.CheckIntegrityAsync).Concat(Decode.Select(w => (Func<Task<WorkerLoad>>)w.CheckIntegrityAsync)))
        {
            // A prompt's blocks stay held until the transfer's last word, which may come after the answer's.
            await WaitUntilAsync(async () => await check() is { RunningRequests: 0, QueuedRequests: 0, KvBlocksUsed: 0 });
        }

        AssertAlive();
    }

    /// <summary>No block is findable whose KV was computed where numbers were not finite any more.</summary>
    public async Task AssertNoPoisonAsync()
    {
        HashSet<UInt128> poisoned = [];
        for (int i = 0; i < World.Requests.Length; i++)
        {
            if (World.Failures[i] is { } failure)
            {
                // All blocks of the prompt that reach the position which the failure names.
                int position = int.Parse(Regex.Match(failure, "at position ([0-9]+)").Groups[1].ValueSpan, CultureInfo.InvariantCulture);
                poisoned.UnionWith(World.Names([.. World.Requests[i].Prompt]).Skip(position / KvBlockHasher.BlockTokens));
            }
        }

        foreach (PrefillWorker worker in Prefill)
        {
            (WorkerReport report, _) = await worker.ReportAsync(full: true);
            Assert.Empty(report.CachedAdded.Where(poisoned.Contains));
        }
    }

    /// <summary>Waits for a condition that only workers and clients can bring about: both raise the signal.</summary>
    public async Task WaitUntilAsync(Func<Task<bool>> condition)
    {
        for (Task next = Desk.Changed.Next; !await condition(); next = Desk.Changed.Next)
        {
            AssertAlive();
            await next.WaitAsync(Patience);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IWorker worker in Prefill.Concat<IWorker>(Decode))
        {
            await worker.DisposeAsync();
        }
    }

    private void AssertAlive()
    {
        Assert.All(Prefill, w => Assert.Null(w.Fault));
        Assert.All(Decode, w => Assert.Null(w.Fault));
    }

    private T Start<T>(T worker)
        where T : IWorker
    {
        worker.Changed = Desk.Changed.Raise;
        worker.Start();
        return worker;
    }

    // Room for the longest request and little more: whoever comes second has to wait, or to give way.
    private CpuEngine DrawEngine(Random random)
    {
        int longest = World.Requests.Max(r => KvLayout.BlocksFor(r.Prompt.Length + r.MaxTokens));
        int budget = random.Next(3) == 0 ? random.Next(2, 9) : random.Next(9, 130);
        return new CpuEngine(
            World.Weights, new EngineOptions { KvBlocks = longest + random.Next(10), MaxBatchTokens = budget, Threads = 1 + random.Next(2), SmallestSharedStep = 0 });
    }

    private IEngine Foresee(IEngine engine, Random random) => random.Next(3) == 0 ? engine : new ForesightEngine(engine, World, new Random(random.Next()));

    private WorkerContext Context(string node, Random random) => new(
        new WorkerModel("world", World.Checkpoint, "weights", KvFormat),
        new WorkerOptions { Node = node, SpeculativeTokens = random.Next(4), DraftBreakEvenRows = random.Next(1, 33) },
        new ServiceOptions { Overcommit = random.Next(3) / 2.0, PromptFloor = random.Next(1, 65) },
        _network.Join(node),
        new ManualTime(),
        new WorkerMetrics(Metrics.WithCustomRegistry(_metrics)),
        NullLogger.Instance);
}
