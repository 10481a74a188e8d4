using Microsoft.Extensions.Logging;

namespace OrleansServe.Gateway.Sessions;

internal sealed partial class RequestPlacer
{
    [LoggerMessage(EventId = 3211, Level = LogLevel.Warning, Message = "Request {RequestId}: attempt {Attempt} ended, asking for other workers: {Reason}")]
    private static partial void LogRetry(ILogger logger, Guid requestId, Guid attempt, string reason, Exception? fault);

    [LoggerMessage(EventId = 3212, Level = LogLevel.Warning, Message = "Request {RequestId}: sample {Sample} goes on elsewhere behind {Produced} tokens: {Reason}")]
    private static partial void LogResume(ILogger logger, Guid requestId, int sample, int produced, string reason);
}
