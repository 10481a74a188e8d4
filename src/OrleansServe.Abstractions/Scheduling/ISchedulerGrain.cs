using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Abstractions.Scheduling;

/// <summary>
/// Admits requests and chooses their workers. Key: the model's name. Its state is soft: rebuilt from the workers' reports when it moves.
/// </summary>
[Alias("os.scheduler")]
public interface ISchedulerGrain : IGrainWithStringKey
{
    /// <summary>
    /// Waits until workers have room for the request, or refuses. Bounded: a full queue refuses at once, and no request waits longer than the
    /// configured limit. Cancelling takes it out of the queue.
    /// </summary>
    [Alias("admit"), ResponseTimeout("00:02:00")]
    Task<Admission> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken);

    /// <summary>A request has ended, however it ended. One that waits is not admitted any more, nor one that is still on its way here.</summary>
    [Alias("complete")]
    Task CompleteAsync(Guid requestId);

    /// <summary>A worker's report. False asks for one in full, because the scheduler does not know the reports before it.</summary>
    [Alias("report")]
    Task<bool> ReportAsync(WorkerReport report);

    /// <summary>
    /// A gateway has lost a worker. The workers of its node get no requests until they report again: at once if the node is well, else it is spared those
    /// that would only find out the same.
    /// </summary>
    [Alias("suspect")]
    Task SuspectAsync(WorkerId worker);

    /// <summary>The workers as the scheduler sees them.</summary>
    [Alias("snapshot")]
    Task<SchedulerSnapshot> GetSnapshotAsync();
}
