using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Options;

namespace OrleansServe.Grains.Workers;

/// <summary>
/// Tells the scheduler of one worker: on each change, though not more often than the shortest interval allows, and at least once every report
/// interval. A scheduler that moved or was unreachable gets a report in full.
/// </summary>
internal sealed class WorkerAnnouncer
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    // No model and no machine needs that long for one step: whoever does hangs.
    private static readonly TimeSpan LongestStep = TimeSpan.FromMinutes(5);

    private readonly IWorker _worker;
    private readonly ISchedulerGrain _scheduler;
    private readonly Func<bool> _isReady;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReportCursor _cursor = new();
    private Task<(WorkerReport Report, bool Full)>? _asked;
    private long _askedAt;
    private bool _hangs;
    private WorkerReport? _last;

    // One pending signal says all there is to say.
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public WorkerAnnouncer(IWorker worker, ISchedulerGrain scheduler, Func<bool> isReady, WorkerContext context)
    {
        _worker = worker;
        _scheduler = scheduler;
        _isReady = isReady;
        _options = context.Options;
        _time = context.Time;
        _logger = context.Logger;
        worker.Changed = () => _changes.Writer.TryWrite(true);
    }

    /// <summary>Told how announcing goes on.</summary>
    public WorkerReadiness? Readiness { get; init; }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool full = true;
        bool failing = false;
        while (_worker.Fault is null)
        {
            if (!_isReady())
            {
                Readiness?.OnWaiting(_worker.Id);
                await Task.Delay(RetryDelay, _time, cancellationToken);
                continue;
            }

            try
            {
                WorkerReport report = await NextAsync(full, cancellationToken);
                full = !await _scheduler.ReportAsync(report).WaitAsync(CallTimeout, _time, cancellationToken);
                failing = false;
                if (!full)
                {
                    Readiness?.OnReport(_worker.Id, taken: true);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // Whether the scheduler got this report is unknown. Logged when it begins, not ten times a second.
                full = true;
                Readiness?.OnReport(_worker.Id, taken: false);
                if (!failing)
                {
                    WorkerLog.ReportFailed(_logger, _worker.Id, e);
                    failing = true;
                }

                await Task.Delay(RetryDelay, _time, cancellationToken);
                continue;
            }

            // While the engine is busy, the wait for its report is all the pause there is to be.
            if (!full && _asked is null)
            {
                await Task.Delay(_options.MinReportInterval, _time, cancellationToken);
                await WaitForChangeAsync(cancellationToken);
            }
        }
    }

    /// <summary>
    /// The worker's report, or where that takes longer than reports may be apart, because the engine is in a long step, a heartbeat. Not in place
    /// of a report in full, which says what the scheduler does not know.
    /// </summary>
    private async Task<WorkerReport> NextAsync(bool full, CancellationToken cancellationToken)
    {
        if (_asked is null)
        {
            _asked = _worker.ReportAsync(full);
            _askedAt = _time.GetTimestamp();
        }

        while (!await EndsAsync(_asked, cancellationToken))
        {
            bool hangs = _time.GetElapsedTime(_askedAt) > LongestStep;
            if (hangs && !_hangs)
            {
                WorkerLog.StepHangs(_logger, _worker.Id, LongestStep.TotalSeconds);
            }

            _hangs = hangs;
            if (!full && !hangs && _last is { } last)
            {
                return _cursor.Number(last with { CachedAdded = [], CachedRemoved = [], Heartbeat = true, Arrived = [], Served = [] }, full: false);
            }
        }

        Task<(WorkerReport Report, bool Full)> answered = _asked;
        _asked = null;
        _hangs = false;
        (_last, bool complete) = await answered;
        return _cursor.Number(_last, complete);
    }

    private async Task<bool> EndsAsync(Task task, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(_options.ReportInterval, _time, cancellationToken);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            return false;
        }
        catch (Exception) when (task.IsFaulted)
        {
            // Whoever awaits the task itself meets the fault.
        }

        return true;
    }

    private async Task WaitForChangeAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource interval = new(_options.ReportInterval, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, cancellationToken);
        try
        {
            await _changes.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing changed for an interval: report all the same, to show that the worker lives.
        }
    }
}
