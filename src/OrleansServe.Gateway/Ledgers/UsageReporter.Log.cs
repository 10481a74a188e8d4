using Microsoft.Extensions.Logging;

namespace OrleansServe.Gateway.Ledgers;

internal sealed partial class UsageReporter
{
    [LoggerMessage(EventId = 3501, Level = LogLevel.Warning, Message = "The ledger of tenant {Tenant} did not record {Count} requests; it is asked again.")]
    private static partial void LogUnanswered(ILogger logger, string tenant, int count, Exception fault);

    [LoggerMessage(EventId = 3502, Level = LogLevel.Error, Message = "The ledger of tenant {Tenant} refused {Count} requests: they ended too long ago.")]
    private static partial void LogRefused(ILogger logger, string tenant, int count);

    [LoggerMessage(
        EventId = 3503,
        Level = LogLevel.Error,
        Message = "Request {RequestId} of tenant {Tenant} and model {Model} is not in the ledger: {CacheHit} cached and {CacheMiss} other prompt tokens, {Output} produced, {Reasoning} of them reasoning.")]
    private static partial void LogLost(ILogger logger, Guid requestId, string tenant, string model, long cacheHit, long cacheMiss, long output, long reasoning);
}
