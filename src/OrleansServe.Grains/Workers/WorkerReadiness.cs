using System.Collections.Concurrent;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Workers;

/// <summary>How far this silo's workers are on their way to serve; for the silo's readiness probe.</summary>
public sealed class WorkerReadiness
{
    private readonly ConcurrentDictionary<WorkerId, string> _obstacles = new();
    private volatile bool _loaded;

    /// <summary>Why the silo's workers do not serve yet, as a sentence; null when they do.</summary>
    public string? FindObstacle() => _loaded
        ? _obstacles.OrderBy(pair => pair.Key.Key, StringComparer.Ordinal).Select(pair => pair.Value).FirstOrDefault(obstacle => obstacle.Length > 0)
        : "The workers are loading their weights.";

    /// <summary>The weights are in memory and the workers run; each is now to be announced.</summary>
    internal void OnLoaded(IEnumerable<WorkerId> workers)
    {
        foreach (WorkerId worker in workers)
        {
            _obstacles.TryAdd(worker, $"The scheduler has no report of worker {worker} yet.");
        }

        _loaded = true;
    }

    /// <summary>A worker waits for something before it can be announced.</summary>
    internal void OnWaiting(WorkerId worker) => _obstacles[worker] = $"Worker {worker} waits for the shards of all experts.";

    /// <summary>The scheduler did or did not take a worker's report.</summary>
    internal void OnReport(WorkerId worker, bool taken) => _obstacles[worker] = taken ? string.Empty : $"The scheduler does not take the reports of worker {worker}; it lives in a process with the gateway role.";
}
