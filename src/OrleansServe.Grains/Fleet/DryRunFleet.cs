using Microsoft.Extensions.Logging;

namespace OrleansServe.Grains.Fleet;

/// <summary>Changes nothing, and says what it would change.</summary>
internal sealed partial class DryRunFleet(ILogger<DryRunFleet> logger) : IFleetAdapter
{
    private FleetNodes? _said;

    public bool TakesLastByNumber => false;

    public Task<FleetNodes> ReadAsync(FleetNodes present, CancellationToken cancellation) => Task.FromResult(present);

    public Task ApplyAsync(FleetOrder order, CancellationToken cancellation)
    {
        // Said once, not with every decision.
        if (_said != order.Nodes)
        {
            LogWanted(logger, order.Nodes.Prefill, order.Nodes.Decode, order.Leaving.IsEmpty ? "" : $", without {string.Join(", ", order.Leaving)}", order.Reason);
        }

        _said = order.Nodes;
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 3601, Level = LogLevel.Information, Message = "The fleet would be given {Prefill} nodes of prefill and {Decode} of decode{Leaving}: {Reason}")]
    private static partial void LogWanted(ILogger logger, int prefill, int decode, string leaving, string reason);
}
