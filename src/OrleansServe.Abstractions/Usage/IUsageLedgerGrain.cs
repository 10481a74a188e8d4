using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Usage;

/// <summary>What one tenant has used, by model version and hour. Key: the tenant. Persisted; a record that was answered is stored.</summary>
[Alias("os.usage-ledger")]
public interface IUsageLedgerGrain : IGrainWithStringKey
{
    /// <summary>Records what requests used. A record counts once, however often it is told.</summary>
    /// <param name="reporter">Who tells: a gateway, for as long as its process lives.</param>
    /// <param name="records">By number. Whoever was not answered tells the same again before anything later.</param>
    [Alias("record")]
    Task<RecordedUsage> RecordAsync(Guid reporter, ImmutableArray<NumberedUsage> records);

    /// <summary>Hours in [<paramref name="from"/>, <paramref name="to"/>), by hour and then by model.</summary>
    [Alias("hours")]
    Task<ImmutableArray<HourUsage>> GetHoursAsync(DateTimeOffset from, DateTimeOffset to);
}
