using OrleansServe.Abstractions.Usage;

namespace OrleansServe.Grains.Usage;

/// <summary>A tenant's ledger as it is stored.</summary>
[GenerateSerializer, Alias("os.ledger-state")]
public sealed class LedgerState
{
    /// <summary>Usage by model version and hour.</summary>
    [Id(0)]
    public List<HourUsage> Hours { get; set; } = [];

    /// <summary>Whom it has heard of late, and how far.</summary>
    [Id(2)]
    public List<HeardReporter> Reporters { get; set; } = [];
}
