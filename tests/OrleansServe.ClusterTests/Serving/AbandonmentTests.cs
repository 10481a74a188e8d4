using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Grains;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>Clients that leave while their requests wait: no room may be kept for them.</summary>
public sealed class AbandonmentTests
{
    private const int Room = 4;

    [Fact]
    public async Task Complete_RequestThatStillWaits_IsNotAdmittedLater()
    {
        await using TestServingCluster cluster = await StartAsync();
        AdmissionRequest[] running = await FillAsync(cluster);
        AdmissionRequest leaves = Request(cluster);
        using CancellationTokenSource cancel = new();
        Task<Admission> left = cluster.Scheduler.AdmitAsync(leaves, cancel.Token);
        await cluster.WaitForWorkersAsync(snapshot => snapshot.QueuedRequests == 1);

        // Its end is told before its cancellation arrives, and room is given back in between.
        await cluster.Scheduler.CompleteAsync(leaves.RequestId);
        await cluster.Scheduler.CompleteAsync(running[0].RequestId);
        Admission next = await cluster.Scheduler.AdmitAsync(Request(cluster), CancellationToken.None).WaitAsync(TestServingCluster.Patience);
        Assert.Equal(AdmissionOutcome.Admitted, next.Outcome);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left.WaitAsync(TestServingCluster.Patience));
    }

    [Fact]
    public async Task Complete_BeforeTheRequestArrives_IsNotAdmitted()
    {
        await using TestServingCluster cluster = await StartAsync();
        AdmissionRequest[] running = await FillAsync(cluster);
        await cluster.Scheduler.CompleteAsync(running[0].RequestId);
        AdmissionRequest late = Request(cluster);
        await cluster.Scheduler.CompleteAsync(late.RequestId);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.Scheduler.AdmitAsync(late, CancellationToken.None).WaitAsync(TestServingCluster.Patience));

        Admission next = await cluster.Scheduler.AdmitAsync(Request(cluster), CancellationToken.None).WaitAsync(TestServingCluster.Patience);
        Assert.Equal(AdmissionOutcome.Admitted, next.Outcome);
    }

    // More streams than there is room for, cancelled all at once wherever they are: waiting, on their way to a worker, in mid-stream.
    [Fact]
    public async Task Cancel_ManyStreamsAtOnce_AllRoomIsThereAgain()
    {
        const int Rounds = 60;
        const int Streams = 64;
        await using TestServingCluster cluster = await StartAsync();
        Random random = new(1);
        for (int round = 0; round < Rounds; round++)
        {
            using CancellationTokenSource cancel = new();
            int messages = random.Next(40);
            int seen = 0;
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task[] streams = [.. Enumerable.Range(0, Streams).Select(_ => ReadAsync(
                cluster.Client().Generate(Questions.Endless(maxTokens: 4), cancellationToken: cancel.Token),
                () =>
                {
                    if (Interlocked.Increment(ref seen) > messages)
                    {
                        reached.TrySetResult();
                    }
                },
                cancel.Token))];
            await reached.Task.WaitAsync(TestServingCluster.Patience);
            await cancel.CancelAsync();
            await Task.WhenAll(streams).WaitAsync(TestServingCluster.Patience);
        }

        await cluster.WaitForWorkersAsync(snapshot => snapshot.QueuedRequests == 0
            && snapshot.Workers.All(worker => worker.Load is { KvBlocksUsed: 0, RunningRequests: 0, QueuedRequests: 0 }));

        await FillAsync(cluster);
        Assert.Empty(cluster.Faults.Entries);
    }

    private static async Task ReadAsync(AsyncServerStreamingCall<GenerateResponse> call, Action onMessage, CancellationToken left)
    {
        using (call)
        {
            try
            {
                while (await call.ResponseStream.MoveNext(CancellationToken.None))
                {
                    onMessage();
                }
            }
            catch (RpcException) when (left.IsCancellationRequested)
            {
                // As it was told to. Cancelled, mostly: where the transport is reset before its reader looks, the client calls it Unavailable.
            }
        }
    }

    /// <summary>Takes all the room that there is.</summary>
    private static async Task<AdmissionRequest[]> FillAsync(TestServingCluster cluster)
    {
        AdmissionRequest[] requests = [.. Enumerable.Range(0, Room).Select(_ => Request(cluster))];
        Admission[] admissions = await Task.WhenAll(requests.Select(request => cluster.Scheduler.AdmitAsync(request, CancellationToken.None))).WaitAsync(TestServingCluster.Patience);
        Assert.All(admissions, admission => Assert.Equal(AdmissionOutcome.Admitted, admission.Outcome));
        return requests;
    }

    private static AdmissionRequest Request(TestServingCluster cluster) => new(
        Guid.NewGuid(), TestServingCluster.NameOf(0), PromptTokens: 8, MaxTokens: 4, [], cluster.Orleans.Silos[0].ServiceProvider.GetRequiredService<WorkerModel>().KvFormatHex, [], SchedulingSettings.Default);

    private static Task<TestServingCluster> StartAsync() => TestServingCluster.StartAsync(
        new SiloOptions { Model = RepositoryPaths.TinyR1, KvBlocks = 256, MaxRequests = Room, Threads = 1 }, new SiloSpec(SiloRole.All));
}
