using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Fleet;

namespace OrleansServe.Grains.Fleet;

/// <summary>Has the fleet grain decide again and again, wherever it lives: every gateway asks, and the grain decides once an interval.</summary>
/// <param name="grains">Finds the grain.</param>
/// <param name="services">The interval, and the clock that it goes by.</param>
/// <param name="time">The clock that calls are bounded by.</param>
/// <param name="logger">Receives what went wrong.</param>
internal sealed partial class FleetDriver(IGrainFactory grains, FleetServices services, TimeProvider time, ILogger<FleetDriver> logger) : BackgroundService
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(services.Options.DecisionInterval / 4, services.Time);
        bool wasReached = true;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await grains.GetGrain<IFleetGrain>(IFleetGrain.Key).DecideAsync().WaitAsync(CallLimit, time, stoppingToken);
                wasReached = true;
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                // Said once, not with every attempt.
                if (wasReached)
                {
                    LogUndecided(logger, fault);
                }

                wasReached = false;
            }
        }
    }

    [LoggerMessage(EventId = 3607, Level = LogLevel.Warning, Message = "No decision on the fleet: it stays as it is, and is tried again.")]
    private static partial void LogUndecided(ILogger logger, Exception fault);
}
