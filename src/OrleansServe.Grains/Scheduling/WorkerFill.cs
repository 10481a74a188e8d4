using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Scheduling;

/// <summary>How full workers are.</summary>
/// <param name="QueuedTokens">Prompt tokens that a full prefill worker has queued.</param>
/// <param name="Streams">Requests that a full decode worker runs.</param>
internal readonly record struct WorkerFill(long QueuedTokens, int Streams)
{
    /// <summary>Share of a worker that what it has under way takes, in [0, 1].</summary>
    public double Of(WorkerReport report)
    {
        WorkerLoad load = report.Load;
        double blocks = load.KvBlocksTotal > 0 ? (double)load.KvBlocksUsed / load.KvBlocksTotal : 0;
        double work = report.Role == WorkerRole.Prefill
            ? (double)load.QueuedTokens / QueuedTokens
            : (double)(load.RunningRequests + load.QueuedRequests) / Streams;
        return Math.Clamp(Math.Max(blocks, work), 0, 1);
    }

    /// <summary>
    /// Share of its time that a worker works: a prefill worker computes at full speed as long as anything is queued, a decode worker the faster the more streams it has.
    /// </summary>
    public double BusyOf(WorkerReport report) => report.Role == WorkerRole.Prefill
        ? report.Load is { QueuedTokens: > 0 } or { RunningRequests: > 0 } ? 1 : 0
        : Of(report);
}
