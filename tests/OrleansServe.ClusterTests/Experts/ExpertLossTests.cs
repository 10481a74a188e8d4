using System.Globalization;
using Grpc.Core;
using OrleansServe.ClusterTests.Faults;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;
using Xunit.Abstractions;
using ExpertPlan = OrleansServe.Abstractions.Experts.ExpertPlan;

namespace OrleansServe.ClusterTests.Experts;

/// <summary>Expert shards die, join and exchange experts while a hundred streams run: none is interrupted, and not a bit of any differs.</summary>
public sealed class ExpertLossTests(ITestOutputHelper output)
{
    private const int Streams = 100;
    private const int Shards = 3;
    private const int FirstShard = 3;

    private readonly long _begun = TimeProvider.System.GetTimestamp();
    private int _tokens;

    public static TheoryData<DataPlaneKind> Planes => [DataPlaneKind.InProcess, DataPlaneKind.Tcp];

    /// <summary>Six slots a shard for eight experts: each has two shards at least. One dies, then the one that has taken its place and another.</summary>
    [Theory]
    [MemberData(nameof(Planes))]
    public async Task Kill_ShardsWithReplicasElsewhere_NoStreamIsInterruptedOrChanged(DataPlaneKind plane)
    {
        await using TestServingCluster cluster = await StartAsync(plane, new ExpertOptions { Slots = 6, RetireDelay = TimeSpan.FromSeconds(1) });
        await RunAsync(cluster, async (tokens, all) =>
        {
            await ReachAsync(tokens, all / 5);
            await cluster.KillAsync(FirstShard);
            int replacement = await cluster.StartSiloAsync(new SiloSpec(SiloRole.Expert, new ShardRange(0, 1, Shards)));
            await WaitForPlanAsync(cluster, plan => plan.Shards.Any(shard => shard.Worker.Node == TestServingCluster.NameOf(replacement)));
            await ReachAsync(tokens, all / 2);
            await cluster.KillAsync(FirstShard + 1);
        });
    }

    /// <summary>Each expert is on one shard: what dies with it is read again by those that are left, and rows wait.</summary>
    [Theory]
    [MemberData(nameof(Planes))]
    public async Task Kill_OnlyHolders_RowsWaitUntilOthersHaveLoadedTheirExperts(DataPlaneKind plane)
    {
        await using TestServingCluster cluster = await StartAsync(plane, new ExpertOptions { RetireDelay = TimeSpan.FromSeconds(1), Wait = TimeSpan.FromMinutes(1) });
        await RunAsync(cluster, async (tokens, all) =>
        {
            await ReachAsync(tokens, all / 4);
            await cluster.KillAsync(FirstShard + 2);
            await ReachAsync(tokens, all / 2);
            await cluster.KillAsync(FirstShard);
            await WaitForPlanAsync(cluster, plan => plan.Shards.Length == 1);
        });
    }

    /// <summary>Every second what the loads ask for is moved, however little it gains; then a shard joins with nothing.</summary>
    [Fact]
    public async Task Rebalance_UnderTraffic_NoStreamIsInterruptedOrChanged()
    {
        ExpertOptions experts = new() { Slots = 4, RebalancePeriod = TimeSpan.FromSeconds(1), RebalanceGain = 0, RebalanceMoves = 1, RetireDelay = TimeSpan.FromSeconds(1) };
        await using TestServingCluster cluster = await StartAsync(DataPlaneKind.InProcess, experts);
        long before = (await cluster.Plans.GetPlanAsync(0))!.Epoch;
        await RunAsync(cluster, async (tokens, all) =>
        {
            await ReachAsync(tokens, all / 4);
            int joined = await cluster.StartSiloAsync(new SiloSpec(SiloRole.Expert, new ShardRange(Shards, 1, Shards)));
            await WaitForPlanAsync(cluster, plan => plan.Shards.Select((shard, i) => (shard.Worker.Node, i))
                .Any(shard => shard.Node == TestServingCluster.NameOf(joined) && plan.Layers.All(layer => layer.Experts[shard.i].Length > 0)));
        });
        long after = (await cluster.Plans.GetPlanAsync(0))!.Epoch;
        using CancellationTokenSource patience = new(TestServingCluster.Patience);
        for (; after < before + 3; after = (await cluster.Plans.GetPlanAsync(0))!.Epoch)
        {
            // The streams may be faster than a period: they are run until plans have changed under them.
            patience.Token.ThrowIfCancellationRequested();
            await RunAsync(cluster, (_, _) => Task.CompletedTask);
        }

        output.WriteLine($"epochs {before} to {after}");
    }

    [Fact]
    public async Task Kill_TheLastHolder_EndsUnavailableOnceRowsHaveWaitedLongEnough()
    {
        SiloOptions options = Options(DataPlaneKind.InProcess, new ExpertOptions { Wait = TimeSpan.FromMilliseconds(200) }) with
        {
            Serving = new ServingOptions { MaxResumes = 1, ResumeTimeout = TimeSpan.FromSeconds(5) },
        };
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(
            options,
            new SiloSpec(SiloRole.Gateway),
            new SiloSpec(SiloRole.Prefill | SiloRole.Decode, new ShardRange(0, 0, 1)),
            new SiloSpec(SiloRole.Expert, new ShardRange(0, 1, 1)));
        await cluster.KillAsync(2);

        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await StreamRecord.ReadAsync(cluster.Client().Generate(new GenerateRequest { Text = "What is 2 + 2?" }), _ => { }).WaitAsync(TestServingCluster.Patience));
        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
    }

    private static SiloOptions Options(DataPlaneKind plane, ExpertOptions experts) => new()
    {
        Model = RepositoryPaths.TinyR1,
        KvBlocks = 512,
        Threads = 1,
        DataPlane = new DataPlaneOptions { Kind = plane },
        Experts = experts,
    };

    /// <summary>A gateway, a prefill worker, a decode worker, and shards that each have a silo of their own.</summary>
    private static Task<TestServingCluster> StartAsync(DataPlaneKind plane, ExpertOptions experts) => TestServingCluster.StartAsync(
        Options(plane, experts),
        [
            new SiloSpec(SiloRole.Gateway),
            new SiloSpec(SiloRole.Prefill, new ShardRange(0, 0, Shards)),
            new SiloSpec(SiloRole.Decode, new ShardRange(0, 0, Shards)),
            .. Enumerable.Range(0, Shards).Select(shard => new SiloSpec(SiloRole.Expert, new ShardRange(shard, 1, Shards))),
        ]);

    private static async Task WaitForPlanAsync(TestServingCluster cluster, Func<ExpertPlan, bool> wanted)
    {
        using CancellationTokenSource patience = new(TestServingCluster.Patience);
        while (await cluster.Plans.GetPlanAsync(0) is not { } plan || !wanted(plan))
        {
            await Task.Delay(20, patience.Token);
        }
    }

    /// <summary>Runs the streams undisturbed and disturbed, and holds one against the other.</summary>
    private async Task RunAsync(TestServingCluster cluster, Func<Func<int>, int, Task> disturb)
    {
        InferenceService.InferenceServiceClient client = cluster.Client();
        var calls = MixedTraffic.Draw(Streams, new Random(1));
        StreamRecord[] whole = await Task.WhenAll(calls.Select(call => StreamRecord.ReadAsync(call(client), Count))).WaitAsync(TestServingCluster.Patience);
        int all = Interlocked.Exchange(ref _tokens, 0);

        Task<StreamRecord[]> running = Task.WhenAll(calls.Select(call => StreamRecord.ReadAsync(call(client), Count)));
        Task disturbing = disturb(() => running.IsFaulted ? throw running.Exception! : running.IsCompleted ? int.MaxValue : Volatile.Read(ref _tokens), all);
        StreamRecord[] disturbed = await running.WaitAsync(TestServingCluster.Patience);
        await disturbing.WaitAsync(TestServingCluster.Patience);

        for (int i = 0; i < Streams; i++)
        {
            Assert.Equal(whole[i].Text, disturbed[i].Text);
        }

        Assert.Equal(0, disturbed.Sum(record => record.Resumes));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetElapsedTime(_begun).TotalSeconds:0.0} s, {all} tokens of {Streams} streams"));
    }

    private async Task ReachAsync(Func<int> tokens, int wanted)
    {
        while (tokens() < wanted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetElapsedTime(_begun).TotalSeconds:0.0} s: blow after {tokens()} tokens"));
    }

    private void Count(int tokens) => Interlocked.Add(ref _tokens, tokens);
}
