using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Workers;

public sealed class WorkerAnnouncerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Run_EngineInALongStep_SaysThatTheWorkerLives()
    {
        BusyWorker worker = new();
        ReportLog scheduler = new();
        using CancellationTokenSource stop = new();
        Task running = new WorkerAnnouncer(worker, scheduler, () => true, Context()).RunAsync(stop.Token);

        // The first is in full; then the engine does not come back from its step.
        WorkerReport first = await worker.AnswerAsync(scheduler, full: true);
        Assert.False(first.Heartbeat);
        Assert.Equal(1, first.Sequence);
        TaskCompletionSource<(WorkerReport, bool)> step = await worker.Asked.Reader.ReadAsync().AsTask().WaitAsync(Patience);
        for (int i = 2; i < 5; i++)
        {
            WorkerReport heartbeat = await scheduler.NextAsync(Patience);
            Assert.True(heartbeat.Heartbeat);
            Assert.Empty(heartbeat.CachedAdded);
            Assert.Equal(first.Load, heartbeat.Load);
            Assert.Equal((first.Incarnation, i), (heartbeat.Incarnation, heartbeat.Sequence));
        }

        // What the step brought goes on from there: nothing of it is lost.
        step.SetResult((BusyWorker.Report(queuedTokens: 9, cached: 7), false));
        WorkerReport next = await scheduler.NextAsync(Patience);
        while (next.Heartbeat)
        {
            next = await scheduler.NextAsync(Patience);
        }

        Assert.Equal(first.Incarnation, next.Incarnation);
        Assert.Equal(9, next.Load.QueuedTokens);
        Assert.Equal((UInt128)7, Assert.Single(next.CachedAdded));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
    }

    private static WorkerContext Context() => new(
        null!,
        new WorkerOptions { ReportInterval = TimeSpan.FromMilliseconds(10), MinReportInterval = TimeSpan.Zero },
        new ServiceOptions(),
        null!,
        TimeProvider.System,
        new WorkerMetrics(Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry())),
        NullLogger.Instance);

    /// <summary>Answers only when told to.</summary>
    private sealed class BusyWorker : IWorker
    {
        public Channel<TaskCompletionSource<(WorkerReport, bool)>> Asked { get; } = Channel.CreateUnbounded<TaskCompletionSource<(WorkerReport, bool)>>();

        public WorkerId Id { get; } = new("silo", "prefill-0");

        public string? Fault => null;

        public Action? Changed { get; set; }

        public static WorkerReport Report(long queuedTokens, params UInt128[] cached) => new(
            new WorkerId("silo", "prefill-0"), WorkerRole.Prefill, default, 0, "", "", "", new WorkerLoad(0, 0, queuedTokens, 8, 0, 0, 0, 0), [.. cached], [], false, [], []);

        public void Start()
        {
        }

        public async Task<WorkerReport> AnswerAsync(ReportLog scheduler, bool full)
        {
            TaskCompletionSource<(WorkerReport, bool)> asked = await Asked.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            asked.SetResult((Report(queuedTokens: 3, cached: 5), full));
            return await scheduler.NextAsync(Patience);
        }

        public Task<(WorkerReport Report, bool Full)> ReportAsync(bool full)
        {
            TaskCompletionSource<(WorkerReport, bool)> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Asked.Writer.TryWrite(answer);
            return answer.Task;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>A scheduler that only listens.</summary>
    private sealed class ReportLog : ISchedulerGrain
    {
        private readonly Channel<WorkerReport> _reports = Channel.CreateUnbounded<WorkerReport>();

        public Task<WorkerReport> NextAsync(TimeSpan patience) => _reports.Reader.ReadAsync().AsTask().WaitAsync(patience);

        public Task<bool> ReportAsync(WorkerReport report)
        {
            _reports.Writer.TryWrite(report);
            return Task.FromResult(true);
        }

        public Task<Admission> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task CompleteAsync(Guid requestId) => throw new NotSupportedException();

        public Task SuspectAsync(WorkerId worker) => throw new NotSupportedException();

        public Task<SchedulerSnapshot> GetSnapshotAsync() => throw new NotSupportedException();
    }
}
