using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Gateway.Ledgers;

/// <summary>Has the nodes counted again and again, and publishes what the last day cost and earned.</summary>
/// <param name="reader">Reads ledgers and the meter.</param>
/// <param name="metrics">What is published.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives what went wrong.</param>
internal sealed partial class CostMeter(UsageReader reader, UsageMetrics metrics, TimeProvider time, ILogger<CostMeter> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Period, time);
        bool wasReached = true;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ReadAsync(stoppingToken);
                wasReached = true;
            }
            catch (GrainUnreachableException fault)
            {
                // Said once, not with every reading.
                if (wasReached)
                {
                    LogUnreachable(logger, fault);
                }

                wasReached = false;
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        await reader.CountNodesAsync(cancellation);
        DateTimeOffset now = time.GetUtcNow();
        ImmutableArray<Economics> hours = Economics.ByHour(
            reader.Model,
            await reader.ReadCostsAsync(now.AddDays(-1), now, cancellation),
            await reader.ReadAsync(string.Empty, now.AddDays(-1), now, cancellation));
        foreach (Economics total in Economics.Totals(hours))
        {
            // The exposition format knows floating point only; the ledger and the API keep decimals.
            metrics.Cost.WithLabels(total.Model).Set((double)total.Cost);
            metrics.Income.WithLabels(total.Model).Set((double)total.Income);
            Economics? present = hours.FirstOrDefault(entry => entry.Model == total.Model && entry.Hour == HourSpan.HourOf(now));
            metrics.HourCost.WithLabels(total.Model).Set((double)(present?.Cost ?? 0));
            metrics.HourIncome.WithLabels(total.Model).Set((double)(present?.Income ?? 0));
            if (Margin.Of(total.Income, total.Cost) is { } margin)
            {
                metrics.Margin.WithLabels(total.Model).Set((double)margin);
            }
        }
    }

    [LoggerMessage(EventId = 3504, Level = LogLevel.Warning, Message = "Cost and income cannot be read; nodes are not counted for longer than two minutes without a reading.")]
    private static partial void LogUnreachable(ILogger logger, Exception fault);
}
