using Microsoft.Extensions.Logging;

namespace OrleansServe.Grains.Fleet;

/// <summary>Changes nothing, and says what it would change.</summary>
internal sealed partial class DryRunFleet(ILogger<DryRunFleet> logger) : IFleetAdapter
{
    private FleetNodes? _said;

    public Task<FleetNodes> ReadAsync(FleetNodes present, CancellationToken cancellation) => Task.FromResult(present);

    public Task ApplyAsync(FleetNodes wanted, string reason, CancellationToken cancellation)
    {
        // Said once, not with every decision.
        if (_said != wanted)
        {
            LogWanted(logger, wanted.Prefill, wanted.Decode, reason);
        }

        _said = wanted;
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 3601, Level = LogLevel.Information, Message = "The fleet would be given {Prefill} nodes of prefill and {Decode} of decode: {Reason}")]
    private static partial void LogWanted(ILogger logger, int prefill, int decode, string reason);
}
