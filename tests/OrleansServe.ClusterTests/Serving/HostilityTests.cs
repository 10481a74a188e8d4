using System.Collections.Concurrent;
using System.Globalization;
using Grpc.Core;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>A hostile mixture of requests beside honest ones: these get their answers bit for bit, nothing breaks, nothing leaks.</summary>
public sealed class HostilityTests(ITestOutputHelper output)
{
    private const int HostileLanes = 8;
    private const int HonestLanes = 3;
    private const int CallsPerLane = 12;

    // What a call may end with that asked for too much, or for nonsense, or left.
    private static readonly StatusCode[] Fair = [StatusCode.OK, StatusCode.InvalidArgument, StatusCode.ResourceExhausted, StatusCode.Cancelled, StatusCode.Unavailable];

    private static readonly TimeSpan Fuzzing =
        TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("ORLEANSSERVE_FUZZ_SECONDS") is { Length: > 0 } seconds ? seconds : "0", CultureInfo.InvariantCulture));

    private readonly ConcurrentDictionary<string, int> _ends = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task Serve_BesideAHostileMixture_HonestAnswersAreTheSameBitsAndNothingLeaks()
    {
        // So few blocks that a single long answer takes half of them.
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(
            new SiloOptions { Model = RepositoryPaths.TinyR1, KvBlocks = 24, MaxBatchTokens = 48, MaxRequests = 24, Threads = 1 },
            new SiloSpec(SiloRole.Gateway),
            new SiloSpec(SiloRole.Prefill | SiloRole.Decode),
            new SiloSpec(SiloRole.Prefill | SiloRole.Decode));
        ChatAnswer[] alone = await Task.WhenAll(Questions.Known.Select(known => ChatAnswer.ReadAsync(cluster.Client().Chat(Questions.Ask(known.Question)))));
        long start = TimeProvider.System.GetTimestamp();
        Task hostile = Task.WhenAll(Enumerable.Range(0, HostileLanes).Select(lane => HostileAsync(cluster, new Random(lane), start)));
        Task honest = Task.WhenAll(Enumerable.Range(0, HonestLanes).Select(lane => HonestAsync(cluster, lane, alone, hostile)));
        await Task.WhenAny(hostile, honest).Unwrap();
        await Task.WhenAll(hostile, honest);

        output.WriteLine(string.Join(", ", _ends.OrderBy(end => end.Key).Select(end => $"{end.Key}: {end.Value}")));
        Assert.Empty(cluster.Faults.Entries);
        await cluster.WaitForWorkersAsync(snapshot => snapshot.Workers.Length == 4
            && snapshot.Workers.All(worker => worker.Load is { KvBlocksUsed: 0, RunningRequests: 0, QueuedRequests: 0 }));
    }

    private async Task HostileAsync(TestServingCluster cluster, Random random, long start)
    {
        HostileTraffic traffic = new(cluster.Client(), random);
        for (int i = 0; i < CallsPerLane || TimeProvider.System.GetElapsedTime(start) < Fuzzing; i++)
        {
            // Slow readers go on when some other call has ended, and the last ones when nothing does any more.
            StatusCode end = await traffic.CallAsync(() => Task.WhenAny(_ended.Task, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None)))
                .WaitAsync(TestServingCluster.Patience);
            Assert.True(Fair.Contains(end), $"a hostile call ended with {end}");
            Count($"hostile {end}");
        }
    }

    private async Task HonestAsync(TestServingCluster cluster, int lane, ChatAnswer[] alone, Task hostile)
    {
        for (int i = lane; i < lane + 2 || !hostile.IsCompleted; i++)
        {
            int question = i % alone.Length;
            try
            {
                ChatAnswer answer = await ChatAnswer.ReadAsync(cluster.Client().Chat(Questions.Ask(Questions.Known[question].Question))).WaitAsync(TestServingCluster.Patience);
                Assert.Equal(alone[question].Tokens, answer.Tokens);
                Assert.Equal(alone[question].Logprobs.Select(BitConverter.SingleToInt32Bits), answer.Logprobs.Select(BitConverter.SingleToInt32Bits));
                Count("honest OK");
            }
            catch (RpcException e) when (e.StatusCode is StatusCode.ResourceExhausted or StatusCode.Unavailable)
            {
                // Told to come again: so it does, once something has ended.
                Count($"honest {e.StatusCode}");
                await Task.WhenAny(_ended.Task, hostile);
            }
        }
    }

    private void Count(string end)
    {
        _ends.AddOrUpdate(end, 1, static (_, count) => count + 1);
        Interlocked.Exchange(ref _ended, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
