using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

using OrleansServe.Transfer.Wire;

namespace OrleansServe.Silo.DataPlane;

/// <summary>What the data plane tells an operator, in the log. It listens before there is one; nothing of note happens until then.</summary>
internal sealed partial class WireLog : IWireObserver
{
    /// <summary>Where it goes.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    public void OnConnected(string peer, bool dialled) => LogConnected(Logger, peer, dialled);

    public void OnDisconnected(string peer, string reason, bool orderly)
    {
        if (orderly)
        {
            LogEnded(Logger, peer, reason);
        }
        else
        {
            LogBroken(Logger, peer, reason);
        }
    }

    public void OnRefused(string peer, string reason) => LogRefused(Logger, peer, reason);

    public void OnReceiverFault(string what, Exception exception) => LogFault(Logger, what, exception);

    [LoggerMessage(EventId = 4101, Level = LogLevel.Information, Message = "Data plane: connected with {Peer} (dialled here: {Dialled})")]
    private static partial void LogConnected(ILogger logger, string peer, bool dialled);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Information, Message = "Data plane: the connection with {Peer} ended: {Reason}")]
    private static partial void LogEnded(ILogger logger, string peer, string reason);

    [LoggerMessage(EventId = 4103, Level = LogLevel.Warning, Message = "Data plane: the connection with {Peer} broke: {Reason}")]
    private static partial void LogBroken(ILogger logger, string peer, string reason);

    [LoggerMessage(EventId = 4104, Level = LogLevel.Warning, Message = "Data plane: no connection with {Peer}: {Reason}. This is not told again of this peer")]
    private static partial void LogRefused(ILogger logger, string peer, string reason);

    [LoggerMessage(EventId = 4105, Level = LogLevel.Error, Message = "Data plane: {What} failed")]
    private static partial void LogFault(ILogger logger, string what, Exception exception);
}
