using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Experts;

internal static partial class ExpertLog
{
    [LoggerMessage(2100, LogLevel.Error, "Expert shard {Worker} could not compute a batch of layer {Layer}.")]
    public static partial void BatchFailed(ILogger logger, WorkerId worker, int layer, Exception exception);

    [LoggerMessage(2101, LogLevel.Error, "Expert shard {Worker} could not load the experts of epoch {Epoch}; it goes on with those it has.")]
    public static partial void LoadingFailed(ILogger logger, WorkerId worker, long epoch, Exception exception);

    [LoggerMessage(2102, LogLevel.Information, "Expert shard {Worker} gave up {Experts} experts that the plan wants elsewhere.")]
    public static partial void Dropped(ILogger logger, WorkerId worker, int experts);

    [LoggerMessage(2103, LogLevel.Information, "Epoch {Epoch} of the experts' plan is in use: {Shards} shards, {Moved} replicas moved. {Reason}")]
    public static partial void Published(ILogger logger, long epoch, int shards, int moved, string reason);

    [LoggerMessage(2104, LogLevel.Warning, "Epoch {Epoch} of the experts' plan is given up: {Reason}")]
    public static partial void Abandoned(ILogger logger, long epoch, string reason);

    [LoggerMessage(2105, LogLevel.Error, "{Experts} experts of model {Model} have no shard any more; they are loaded elsewhere, and rows wait for them.")]
    public static partial void Orphaned(ILogger logger, string model, int experts);

    [LoggerMessage(2106, LogLevel.Warning, "Looking after the experts' plan failed; it is tried again.")]
    public static partial void KeepingFailed(ILogger logger, Exception exception);
}
