using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Usage;

namespace OrleansServe.Gateway.Ledgers;

/// <summary>
/// Tells the tenants' ledgers what requests used, in its own time and not the clients'. What ends while a ledger is being told goes in one message after it. A ledger that does not
/// answer is asked again, which is safe since a record counts once by its number; meanwhile records wait in a queue that is bounded.
/// </summary>
internal sealed partial class UsageReporter : BackgroundService
{
    private const int MostWaiting = 200_000;
    private const int MostInMessage = 1000;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly Guid _id = Guid.NewGuid();
    private readonly Channel<TenantRecord> _waiting = Channel.CreateBounded<TenantRecord>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly Func<string, IUsageLedgerGrain> _ledgers;
    private readonly UsageMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<UsageReporter> _logger;
    private long _number;

    /// <param name="ledgers">Finds a tenant's ledger.</param>
    /// <param name="metrics">What is measured.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives what could not be recorded.</param>
    public UsageReporter(Func<string, IUsageLedgerGrain> ledgers, UsageMetrics metrics, TimeProvider time, ILogger<UsageReporter> logger)
    {
        _ledgers = ledgers;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>A request has ended. Returns at once.</summary>
    public void Report(string tenant, UsageRecord record)
    {
        if (!_waiting.Writer.TryWrite(new TenantRecord(tenant, record)))
        {
            Lose(tenant, record);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What is waiting is told first, for as long as the host waits.
        _waiting.Writer.TryComplete();
        if (ExecuteTask is { } telling)
        {
            await Task.WhenAny(telling, Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken));
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<(string Tenant, NumberedUsage Usage)> taken = [];
        try
        {
            while (taken.Count > 0 || await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                while (taken.Count < MostInMessage && _waiting.Reader.TryRead(out TenantRecord? record))
                {
                    taken.Add((record.Tenant, new NumberedUsage(++_number, record.Record)));
                }

                // Tenants apart: one whose ledger does not answer keeps the others waiting for no longer than a call.
                IGrouping<string, NumberedUsage>[] groups = [.. taken.GroupBy(told => told.Tenant, told => told.Usage, StringComparer.Ordinal)];
                bool[] answered = await Task.WhenAll(groups.Select(group => TellAsync(group.Key, [.. group], stoppingToken)));

                // What was not answered comes before what is new, under the numbers that it has.
                taken = [.. groups.Where((_, i) => !answered[i]).SelectMany(group => group.Select(usage => (group.Key, usage)))];
                if (taken.Count > 0)
                {
                    await Task.Delay(RetryDelay, _time, stoppingToken);
                }
            }
        }
        finally
        {
            foreach ((string tenant, NumberedUsage usage) in taken)
            {
                Lose(tenant, usage.Record);
            }

            while (_waiting.Reader.TryRead(out TenantRecord? record))
            {
                Lose(record.Tenant, record.Record);
            }
        }
    }

    /// <returns>Whether the ledger has them.</returns>
    private async Task<bool> TellAsync(string tenant, ImmutableArray<NumberedUsage> records, CancellationToken cancellation)
    {
        try
        {
            RecordedUsage recorded = await _ledgers(tenant).RecordAsync(_id, records).WaitAsync(CallLimit, _time, cancellation);
            _metrics.Recorded.Inc(recorded.Recorded);
            if (recorded.Refused > 0)
            {
                _metrics.Lost.Inc(recorded.Refused);
                LogRefused(_logger, tenant, recorded.Refused);
            }

            return true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception fault)
        {
            _metrics.Retries.Inc();
            LogUnanswered(_logger, tenant, records.Length, fault);
            return false;
        }
    }

    private void Lose(string tenant, UsageRecord record)
    {
        // The log is what remains of it: with the counts, so that they can be entered by hand.
        _metrics.Lost.Inc();
        LogLost(_logger, record.RequestId, tenant, record.Model, record.CacheHit, record.CacheMiss, record.Output, record.Reasoning);
    }

    private sealed record TenantRecord(string Tenant, UsageRecord Record);
}
