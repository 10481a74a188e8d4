using System.Globalization;
using System.Net;

using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Processes;

using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>Several processes over real Orleans, Redis and TCP, and what happens when some of them die.</summary>
public sealed class ProcessClusterTests(ITestOutputHelper output)
{
    private static readonly TimeSpan BetweenKills = TimeSpan.FromSeconds(3);

    [PublishedFact]
    public async Task Chat_WorkersKilledEveryFewSeconds_EveryStreamIsWhole()
    {
        const int Untroubled = 50;
        const int Troubled = 1000;
        const int Kills = 5;
        ExpectedAnswers expected = await ProcessCluster.ExpectedAsync(ClusterRequests.Count);
        await using ProcessCluster cluster = await ProcessCluster.StartAsync();

        StreamRecord[] untroubled = await ClusterLoad.RunAsync(() => cluster.Clients[0], Untroubled);

        expected.AssertEqual(untroubled);
        Assert.All(untroubled, record => Assert.Equal(0, record.Resumes));

        // As many again where the machine is so fast that not enough has died meanwhile.
        using CancellationTokenSource over = new();
        int kills = 0;
        Task killing = KillInTurnAsync(cluster, () => Interlocked.Increment(ref kills), over.Token);
        List<StreamRecord> troubled = [];
        while (Volatile.Read(ref kills) < Kills)
        {
            Assert.False(killing.IsCompleted, $"No more processes are killed: {killing.Exception?.InnerException?.Message}");
            StreamRecord[] more = await ClusterLoad.RunAsync(() => cluster.Clients[0], Troubled);
            expected.AssertEqual(more);
            troubled.AddRange(more);
        }

        await over.CancelAsync();
        await killing;

        Describe("without faults", untroubled);
        Describe(string.Create(CultureInfo.InvariantCulture, $"with {kills} processes killed"), [.. troubled]);
        Assert.Contains(troubled, record => record.Resumes > 0);
    }

    [PublishedFact]
    public async Task Chat_RedisKilledWhileRunning_GoesOnAndSilosJoinAgainWhenItIsBack()
    {
        ExpectedAnswers expected = await ProcessCluster.ExpectedAsync(ClusterRequests.Count);
        await using ProcessCluster cluster = await ProcessCluster.StartAsync();
        await cluster.Redis.KillAsync();

        StreamRecord[] records = await ClusterLoad.RunAsync(() => cluster.Clients[0], ClusterRequests.Count);

        expected.AssertEqual(records);
        Assert.All(await Task.WhenAll(cluster.All.Select(process => process.ReadinessAsync())), ready => Assert.Equal((HttpStatusCode.OK, "Ready."), ready));
        await cluster.Decode[0].KillAsync();
        await cluster.Redis.StartAsync();
        cluster.Decode[0].Start();
        await cluster.Decode[0].WaitUntilReadyAsync();
        expected.AssertEqual(await ClusterLoad.RunAsync(() => cluster.Clients[0], 10));
    }

    [PublishedFact]
    public async Task Start_RedisMissing_IsSaidAndWaitedForWithinItsBound()
    {
        await using RedisServer redis = new();
        await using ClusterProcess gateway = new("gateway", "gateway", redis.Address);
        await using ClusterProcess impatient = new("impatient", "decode", redis.Address, "--redis-wait-seconds", "1");
        gateway.Start();
        impatient.Start();

        await gateway.WaitForReadinessAsync((status, line) =>
            status == HttpStatusCode.ServiceUnavailable && line.StartsWith($"Redis at {redis.Address} does not answer", StringComparison.Ordinal));
        ProcessResult ended = await impatient.WaitForEndAsync();
        Assert.Equal(1, ended.ExitCode);
        Assert.StartsWith($"error: Redis at {redis.Address} did not answer within 1 s", Assert.Single(ended.ErrorLines), StringComparison.Ordinal);

        await redis.StartAsync();
        await gateway.WaitForReadinessAsync((status, line) => status == HttpStatusCode.ServiceUnavailable && line.Contains("has 0 prefill and 0 decode workers", StringComparison.Ordinal));
    }

    // Kills a worker, starts it again, and goes on to the next; never the last of its role.
    private static async Task KillInTurnAsync(ProcessCluster cluster, Action onKill, CancellationToken over)
    {
        ClusterProcess[] order = [cluster.Decode[0], cluster.Prefill[0], cluster.Decode[1], cluster.Decode[2], cluster.Prefill[1]];
        for (int kills = 0; ; kills++)
        {
            try
            {
                await Task.Delay(BetweenKills, over);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            ClusterProcess victim = order[kills % order.Length];
            await victim.KillAsync();
            onKill();
            victim.Start();
            if (victim.Roles == "prefill")
            {
                // There are two of these: the next may die only when this one is back.
                await victim.WaitUntilReadyAsync();
            }
        }
    }

    private void Describe(string what, StreamRecord[] records) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{records.Length} streams {what}: {records.Count(record => record.Resumes > 0)} interrupted, {records.Sum(record => record.Resumes)} resumes; longest pause of a stream p50 {ClusterLoad.Percentile(records.Select(record => record.LongestPause), 0.5).TotalMilliseconds:0} ms, p99 {ClusterLoad.Percentile(records.Select(record => record.LongestPause), 0.99).TotalMilliseconds:0} ms, worst {records.Max(record => record.LongestPause).TotalMilliseconds:0} ms; of interrupted ones p99 {ClusterLoad.Percentile(records.Where(record => record.Resumes > 0).Select(record => record.LongestPause).DefaultIfEmpty(), 0.99).TotalMilliseconds:0} ms"));
}
