using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;

namespace OrleansServe.UnitTests.Gateway.Services;

/// <summary>Records everything and shows nothing.</summary>
internal sealed class AnyLedger : IUsageLedgerGrain, IUsageDirectoryGrain, ICostMeterGrain
{
    public Task<RecordedUsage> RecordAsync(Guid reporter, ImmutableArray<NumberedUsage> records) => Task.FromResult(new RecordedUsage(records.Length, 0, 0));

    public Task AddAsync(string tenant) => Task.CompletedTask;

    public Task<ImmutableArray<string>> GetTenantsAsync() => Task.FromResult<ImmutableArray<string>>([]);

    public Task ReadAsync() => Task.CompletedTask;

    Task<ImmutableArray<HourUsage>> IUsageLedgerGrain.GetHoursAsync(DateTimeOffset from, DateTimeOffset to) => Task.FromResult<ImmutableArray<HourUsage>>([]);

    Task<ImmutableArray<HourCost>> ICostMeterGrain.GetHoursAsync(DateTimeOffset from, DateTimeOffset to) => Task.FromResult<ImmutableArray<HourCost>>([]);
}
