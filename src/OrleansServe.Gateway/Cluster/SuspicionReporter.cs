using System.Collections.Concurrent;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Gateway.Cluster;

/// <summary>
/// Tells the scheduler of workers that this gateway has lost, which it learns from broken connections long before the cluster's membership does. One
/// message for a worker at a time, however many requests have lost it.
/// </summary>
/// <param name="grains">Who is told.</param>
/// <param name="notices">How. Once: the scheduler learns of it from the silo's status too, or because reports stay away.</param>
internal sealed class SuspicionReporter(WorkerGrains grains, Notices notices)
{
    private readonly ConcurrentDictionary<WorkerId, bool> _underWay = new();

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
        await notices.SendAsync($"To the scheduler: that worker {worker} is lost", () => grains.Scheduler.SuspectAsync(worker));
        _underWay.TryRemove(worker, out _);
    }
}
