using System.Globalization;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.ClusterTests.Faults;

/// <summary>Silos of every role die and are replaced while two hundred streams run: every stream comes to its end, and not a bit of it differs.</summary>
public sealed class SiloLossTests(ITestOutputHelper output)
{
    private const int Streams = 200;

    // The client's gateway is the last of them, so that the scheduler, which lives on the first that there is, can lose its silo twice.
    private const int Gateways = 3;
    private const int ClientGateway = Gateways - 1;

    private readonly long _begun = TimeProvider.System.GetTimestamp();
    private int _tokens;

    public static TheoryData<DataPlaneKind, int> Runs()
    {
        TheoryData<DataPlaneKind, int> runs = [];
        string seeds = Environment.GetEnvironmentVariable("ORLEANSSERVE_FUZZ_SEEDS") is { Length: > 0 } given ? given : "1";
        foreach (string seed in seeds.Split(','))
        {
            runs.Add(DataPlaneKind.InProcess, int.Parse(seed, CultureInfo.InvariantCulture));
            runs.Add(DataPlaneKind.Tcp, int.Parse(seed, CultureInfo.InvariantCulture));
        }

        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Kill_SilosOfEveryRoleAtRandom_EveryStreamIsTheFaultFreeOne(DataPlaneKind plane, int seed)
    {
        Random random = new(seed);
        SiloOptions options = new()
        {
            Model = RepositoryPaths.TinyR1,
            KvBlocks = 512,
            Threads = 1,
            DataPlane = new DataPlaneOptions { Kind = plane },
            Serving = new ServingOptions { MaxResumes = 16, ResumeTimeout = TestServingCluster.Patience },
        };
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(
            options,
            [.. Enumerable.Repeat(new SiloSpec(SiloRole.Gateway), Gateways), .. Enumerable.Repeat(new SiloSpec(SiloRole.Prefill), 2), .. Enumerable.Repeat(new SiloSpec(SiloRole.Decode), 3)]);
        InferenceService.InferenceServiceClient client = cluster.Client(ClientGateway);
        var calls = MixedTraffic.Draw(Streams, random);
        StreamRecord[] whole = await Task.WhenAll(calls.Select(call => StreamRecord.ReadAsync(call(client), Count))).WaitAsync(TestServingCluster.Patience);
        int all = Interlocked.Exchange(ref _tokens, 0);

        Task<StreamRecord[]> running = Task.WhenAll(calls.Select(call => StreamRecord.ReadAsync(call(client), Count)));
        await DisturbAsync(cluster, random, all, running);
        StreamRecord[] disturbed = await running.WaitAsync(TestServingCluster.Patience);

        for (int i = 0; i < Streams; i++)
        {
            Assert.Equal(whole[i].Text, disturbed[i].Text);
            Assert.Equal(0, whole[i].Resumes);
        }

        output.WriteLine($"{TimeProvider.System.GetElapsedTime(_begun).TotalSeconds:0.0} s, {all} tokens; {disturbed.Count(record => record.Resumes > 0)} of {Streams} streams were interrupted, {disturbed.Sum(record => record.Resumes)} times in all");
        Assert.InRange(disturbed.Count(record => record.Resumes > 0), 10, Streams);
        await cluster.WaitForWorkersAsync(snapshot => snapshot is { Workers.Length: 5, QueuedRequests: 0 }
            && snapshot.Workers.All(worker => worker.Load is { KvBlocksUsed: 0, RunningRequests: 0, QueuedRequests: 0, QueuedTokens: 0 }));
    }

    private void Count(int tokens) => Interlocked.Add(ref _tokens, tokens);

    /// <summary>Kills silos as the streams come along, and starts others in their place: a role at a time, then two at once.</summary>
    private async Task DisturbAsync(TestServingCluster cluster, Random random, int all, Task running)
    {
        List<int> prefill = [3, 4];
        List<int> decode = [5, 6, 7];
        Queue<int> scheduler = new([0, 1]);
        List<string> blows = [.. new[] { "decode", "prefill", "scheduler", "decode", "prefill", "scheduler", "prefill and decode", "decode" }];
        for (int blow = 1; blows.Count > 0; blow++)
        {
            string kind = blows[random.Next(blows.Count)];
            blows.Remove(kind);
            while (Volatile.Read(ref _tokens) < (long)all * blow / 12 && !running.IsCompleted)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
            }

            output.WriteLine($"{TimeProvider.System.GetElapsedTime(_begun).TotalSeconds:0.0} s, after {Volatile.Read(ref _tokens)} tokens: {kind}");
            await Task.WhenAll(
                kind == "scheduler" ? cluster.KillAsync(scheduler.Dequeue()) : Task.CompletedTask,
                kind.Contains("prefill", StringComparison.Ordinal) ? ReplaceAsync(cluster, SiloRole.Prefill, prefill, random.Next(prefill.Count)) : Task.CompletedTask,
                kind.Contains("decode", StringComparison.Ordinal) ? ReplaceAsync(cluster, SiloRole.Decode, decode, random.Next(decode.Count)) : Task.CompletedTask);
        }
    }

    private static async Task ReplaceAsync(TestServingCluster cluster, SiloRole role, List<int> silos, int victim)
    {
        await cluster.KillAsync(silos[victim]);
        silos[victim] = await cluster.StartSiloAsync(role);
    }
}
