using OrleansServe.Abstractions.Usage;

namespace OrleansServe.Grains.Usage;

/// <summary>A tenant's ledger as it is stored.</summary>
[GenerateSerializer, Alias("os.ledger-state")]
public sealed class LedgerState
{
    /// <summary>Usage by model version and hour.</summary>
    [Id(0)]
    public List<HourUsage> Hours { get; set; } = [];

    /// <summary>Requests recorded of late, by the hour in which they ended.</summary>
    [Id(1)]
    public List<RecordedHour> Recorded { get; set; } = [];
}
