using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Usage;

/// <summary>What one tenant has used, by model version and hour. Key: the tenant. Persisted; a record that was answered is stored.</summary>
[Alias("os.usage-ledger")]
public interface IUsageLedgerGrain : IGrainWithStringKey
{
    /// <summary>Records what requests used. A request counts once, however often it is told.</summary>
    [Alias("record")]
    Task<RecordedUsage> RecordAsync(ImmutableArray<UsageRecord> records);

    /// <summary>Hours in [<paramref name="from"/>, <paramref name="to"/>), by hour and then by model.</summary>
    [Alias("hours")]
    Task<ImmutableArray<HourUsage>> GetHoursAsync(DateTimeOffset from, DateTimeOffset to);
}
