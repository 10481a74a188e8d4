using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Options;

namespace OrleansServe.Gateway.Cluster;

/// <summary>
/// Tells the scheduler of workers that this gateway has lost, which it learns from broken connections long before the cluster's membership does. One
/// message for a worker at a time, however many requests have lost it.
/// </summary>
internal sealed partial class SuspicionReporter
{
    private readonly ConcurrentDictionary<WorkerId, bool> _underWay = new();
    private readonly WorkerGrains _grains;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly ILogger<SuspicionReporter> _logger;

    /// <param name="grains">Who is told.</param>
    /// <param name="options">How long that may take.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives what could not be told.</param>
    public SuspicionReporter(WorkerGrains grains, IOptions<GatewayOptions> options, TimeProvider time, ILogger<SuspicionReporter> logger)
    {
        _grains = grains;
        _limit = options.Value.ReleaseTimeout;
        _time = time;
        _logger = logger;
    }

    /// <summary>Begins to tell the scheduler; never fails.</summary>
    public void Report(WorkerId worker)
    {
        if (_underWay.TryAdd(worker, true))
        {
            _ = ReportAsync(worker);
        }
    }

    private async Task ReportAsync(WorkerId worker)
    {
        try
        {
            await _grains.Scheduler.SuspectAsync(worker).WaitAsync(_limit, _time);
        }
        catch (Exception fault)
        {
            // The scheduler learns of it from the silo's status, or because reports stay away.
            LogNotTold(_logger, worker, fault);
        }
        finally
        {
            _underWay.TryRemove(worker, out _);
        }
    }

    [LoggerMessage(EventId = 3301, Level = LogLevel.Warning, Message = "The scheduler could not be told that worker {Worker} is lost")]
    private static partial void LogNotTold(ILogger logger, WorkerId worker, Exception fault);
}
