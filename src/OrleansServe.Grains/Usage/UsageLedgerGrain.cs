using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Grains.Placement;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Grains.Usage;

/// <summary>Keeps a tenant's ledger. Answers once it is stored: what is not stored is not counted, so that whoever asks may ask again.</summary>
[GatewayPlacement]
public sealed class UsageLedgerGrain : Grain, IUsageLedgerGrain
{
    private readonly IPersistentState<LedgerState> _ledger;
    private readonly PriceBook _prices;
    private readonly TimeProvider _time;
    private bool _isListed;
    private bool _isAhead;

    /// <summary>Made by the grain runtime.</summary>
    public UsageLedgerGrain([PersistentState("ledger", UsageStorage.Provider)] IPersistentState<LedgerState> ledger, PriceBook prices, TimeProvider time)
    {
        _ledger = ledger;
        _prices = prices;
        _time = time;
    }

    private string Tenant => this.GetPrimaryKeyString();

    /// <inheritdoc/>
    public async Task<RecordedUsage> RecordAsync(Guid reporter, ImmutableArray<NumberedUsage> records)
    {
        if (!_isListed)
        {
            await GrainFactory.GetGrain<IUsageDirectoryGrain>(IUsageDirectoryGrain.Key).AddAsync(Tenant);
            _isListed = true;
        }

        if (_isAhead)
        {
            await _ledger.ReadStateAsync();
            _isAhead = false;
        }

        RecordedUsage recorded = Ledger.Record(_ledger.State, Tenant, reporter, records, _prices, _time.GetUtcNow());
        if (recorded.Recorded > 0)
        {
            await StoreAsync();
        }

        return recorded;
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<HourUsage>> GetHoursAsync(DateTimeOffset from, DateTimeOffset to) => Task.FromResult<ImmutableArray<HourUsage>>(
        [.. _ledger.State.Hours.Where(hour => hour.Hour >= from && hour.Hour < to).OrderBy(hour => hour.Hour).ThenBy(hour => hour.Model, StringComparer.Ordinal)]);

    private async Task StoreAsync()
    {
        // Until it is stored, what is in memory is ahead of the storage, and would take another try for a duplicate.
        _isAhead = true;
        await _ledger.WriteStateAsync();
        _isAhead = false;
    }
}
