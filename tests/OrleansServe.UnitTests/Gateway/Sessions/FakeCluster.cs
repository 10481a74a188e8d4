using System.Collections.Concurrent;
using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Cluster;

namespace OrleansServe.UnitTests.Gateway.Sessions;

/// <summary>A scheduler and workers that do what a test tells them, and remember what they were asked.</summary>
internal sealed class FakeCluster : ISchedulerGrain
{
    public static readonly WorkerId Prefill0 = new("silo-0", "prefill-0");
    public static readonly WorkerId Prefill1 = new("silo-1", "prefill-0");
    public static readonly WorkerId Decode0 = new("silo-0", "decode-0");
    public static readonly WorkerId Decode1 = new("silo-1", "decode-0");

    public ConcurrentQueue<string> Calls { get; } = new();

    public ConcurrentQueue<AdmissionRequest> Admissions { get; } = new();

    public ConcurrentQueue<DecodeRequest> Decodes { get; } = new();

    public ConcurrentQueue<PrefillRequest> Prefills { get; } = new();

    public Func<AdmissionRequest, CancellationToken, Task<Admission>> OnAdmit { get; set; } = (request, _) => Task.FromResult(new Admission(
        AdmissionOutcome.Admitted,
        request.Avoid.Contains(Prefill0) ? Prefill1 : Prefill0,
        request.Avoid.Contains(Decode0) ? Decode1 : Decode0,
        null,
        TimeSpan.Zero));

    public Func<WorkerId, ReserveRequest, CancellationToken, Task<ReserveResult>> OnReserve { get; set; } = (worker, request, _) =>
        Task.FromResult(new ReserveResult(
            new KvTicket(Guid.NewGuid(), request.RequestId, worker, "inproc://x", 1, 0, request.KvFormat, DateTimeOffset.MaxValue), null, false));

    public Func<WorkerId, PrefillRequest, CancellationToken, Task<PrefillResult>> OnPrefill { get; set; } =
        (_, _, _) => Task.FromResult(First('a'));

    public Func<WorkerId, DecodeRequest, CancellationToken, Task<DecodeResult>> OnDecode { get; set; } =
        (_, _, _) => Task.FromResult(new DecodeResult(true, null, false));

    public Func<Task> OnRelease { get; set; } = () => Task.CompletedTask;

    public ImmutableArray<WorkerStatus> Workers { get; set; } = [];

    public Func<Task> OnSnapshot { get; set; } = () => Task.CompletedTask;

    public WorkerGrains Grains => new(this, worker => new PrefillWorker(this, worker), worker => new DecodeWorker(this, worker));

    public static PrefillResult First(int token, int cached = 0) =>
        new(new TokenSample(token, -0.5f, [token, 1], [-0.5f, -3f]), cached, TimeSpan.FromMilliseconds(5), null, false);

    public int Count(string call) => Calls.Count(made => made == call);

    public Task<Admission> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        Admissions.Enqueue(request);
        Calls.Enqueue("admit");
        return OnAdmit(request, cancellationToken);
    }

    public Task CompleteAsync(Guid requestId)
    {
        Calls.Enqueue("complete");
        return OnRelease();
    }

    public Task<bool> ReportAsync(WorkerReport report) => Task.FromResult(true);

    public ConcurrentQueue<WorkerId> Suspects { get; } = new();

    public Task SuspectAsync(WorkerId worker)
    {
        Suspects.Enqueue(worker);
        return Task.CompletedTask;
    }

    public async Task<SchedulerSnapshot> GetSnapshotAsync()
    {
        await OnSnapshot();
        return new SchedulerSnapshot(Workers, 0);
    }

    private sealed class PrefillWorker(FakeCluster cluster, WorkerId id) : IPrefillWorkerGrain
    {
        public Task<PrefillResult> PrefillAsync(PrefillRequest request, CancellationToken cancellationToken)
        {
            cluster.Prefills.Enqueue(request);
            cluster.Calls.Enqueue($"prefill {id}");
            return cluster.OnPrefill(id, request, cancellationToken);
        }
    }

    private sealed class DecodeWorker(FakeCluster cluster, WorkerId id) : IDecodeWorkerGrain
    {
        public Task<ReserveResult> ReserveAsync(ReserveRequest request, CancellationToken cancellationToken)
        {
            cluster.Calls.Enqueue($"reserve {id}");
            return cluster.OnReserve(id, request, cancellationToken);
        }

        public Task<DecodeResult> DecodeAsync(DecodeRequest request, CancellationToken cancellationToken)
        {
            cluster.Decodes.Enqueue(request);
            cluster.Calls.Enqueue($"decode {id}");
            return cluster.OnDecode(id, request, cancellationToken);
        }

        public Task ReleaseAsync(Guid requestId)
        {
            cluster.Calls.Enqueue($"release {id}");
            return cluster.OnRelease();
        }

        public Task ReleaseSampleAsync(Guid requestId, int sample)
        {
            cluster.Calls.Enqueue($"release-sample {sample} {id}");
            return cluster.OnRelease();
        }
    }
}
