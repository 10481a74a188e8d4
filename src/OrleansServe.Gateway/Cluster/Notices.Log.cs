using Microsoft.Extensions.Logging;

namespace OrleansServe.Gateway.Cluster;

internal sealed partial class Notices
{
    [LoggerMessage(EventId = 3201, Level = LogLevel.Warning, Message = "{What} was not confirmed")]
    private static partial void LogNotConfirmed(ILogger logger, string what, Exception fault);

    [LoggerMessage(EventId = 3203, Level = LogLevel.Warning, Message = "{What} was not confirmed; it is said again until it is")]
    private static partial void LogRepeated(ILogger logger, string what, Exception fault);

    [LoggerMessage(EventId = 3204, Level = LogLevel.Information, Message = "{What} was confirmed at attempt {Attempt}")]
    private static partial void LogConfirmed(ILogger logger, string what, int attempt);

    [LoggerMessage(EventId = 3205, Level = LogLevel.Error, Message = "{What} was not confirmed in {Attempts} attempts; it is not said again")]
    private static partial void LogGivenUp(ILogger logger, string what, int attempts, Exception fault);

    [LoggerMessage(EventId = 3202, Level = LogLevel.Warning, Message = "The host stopped before {Count} calls that tell others of an end were confirmed")]
    private static partial void LogAbandoned(ILogger logger, int count);
}
