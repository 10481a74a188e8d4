using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Workers;

/// <summary>A worker of this silo, as far as announcing it goes: prefill, decode, expert shard.</summary>
internal interface IWorker : IAsyncDisposable
{
    WorkerId Id { get; }

    /// <summary>Why the worker ended; null while it runs.</summary>
    string? Fault { get; }

    /// <summary>Raised when something changed that the scheduler should know; on any thread.</summary>
    Action? Changed { get; set; }

    void Start();

    /// <summary>The worker is to stop: its reports say so from now on. What it has goes on.</summary>
    void BeginDrain()
    {
    }

    /// <summary>Completes when a worker that is to stop has no request any more.</summary>
    Task Drained => Task.CompletedTask;

    /// <summary>Hands requests on that would not end in time; those that asked for them find others.</summary>
    /// <param name="left">The time that there is.</param>
    /// <param name="room">KV blocks that other workers have for them.</param>
    void HandOver(TimeSpan left, long room)
    {
    }

    /// <summary>Fails if what the worker keeps count of does not add up.</summary>
    Task CheckAsync() => Task.CompletedTask;

    /// <summary>A report that is yet to be numbered, as soon as the engine is between two steps.</summary>
    /// <param name="full">Report all cached blocks, not just the changes.</param>
    /// <returns>The report, and whether it is in full.</returns>
    Task<(WorkerReport Report, bool Full)> ReportAsync(bool full);
}
