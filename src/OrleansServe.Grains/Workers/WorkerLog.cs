using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Workers;

internal static partial class WorkerLog
{
    [LoggerMessage(2000, LogLevel.Critical, "Worker {Worker} failed and serves nothing any more.")]
    public static partial void WorkerFaulted(ILogger logger, WorkerId worker, Exception exception);

    [LoggerMessage(2001, LogLevel.Error, "Worker {Worker} lost a step with {Requests} requests: an expert was unavailable.")]
    public static partial void ExpertUnavailable(ILogger logger, WorkerId worker, int requests, Exception exception);

    [LoggerMessage(2002, LogLevel.Warning, "Worker {Worker} could not report to the scheduler; it tries again.")]
    public static partial void ReportFailed(ILogger logger, WorkerId worker, Exception exception);

    [LoggerMessage(2003, LogLevel.Information, "Worker {Worker} is ready.")]
    public static partial void Ready(ILogger logger, WorkerId worker);

    [LoggerMessage(2004, LogLevel.Error, "Worker {Worker} has been in one step for more than {Seconds} s: it is not reported until that ends.")]
    public static partial void StepHangs(ILogger logger, WorkerId worker, double seconds);

    [LoggerMessage(2005, LogLevel.Warning, "Looking for expert shards failed; it is tried again.")]
    public static partial void DirectoryFailed(ILogger logger, Exception exception);

    [LoggerMessage(2006, LogLevel.Information, "Experts of {Layers} layers are found on {Shards} shards.")]
    public static partial void ExpertsFound(ILogger logger, int layers, int shards);

    [LoggerMessage(2008, LogLevel.Warning, "While draining, the scheduler could not be asked who else there is; nothing is handed on for now.")]
    public static partial void DrainBlind(ILogger logger, Exception exception);

    [LoggerMessage(2007, LogLevel.Warning, "Worker {Worker} made no drafts for {Streams} streams: an expert was unavailable. Their step goes on without.")]
    public static partial void DraftsLost(ILogger logger, WorkerId worker, int streams, Exception exception);
}
