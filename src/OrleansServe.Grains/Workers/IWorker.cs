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

    /// <summary>Fails if what the worker keeps count of does not add up.</summary>
    Task CheckAsync() => Task.CompletedTask;

    /// <summary>A report that is yet to be numbered, as soon as the engine is between two steps.</summary>
    /// <param name="full">Report all cached blocks, not just the changes.</param>
    /// <returns>The report, and whether it is in full.</returns>
    Task<(WorkerReport Report, bool Full)> ReportAsync(bool full);
}
