using OrleansServe.Abstractions.Usage;

namespace OrleansServe.Grains.Usage;

/// <summary>What nodes cost, as it is stored.</summary>
[GenerateSerializer, Alias("os.cost-state")]
public sealed class CostState
{
    /// <summary>Cost by hour, in order.</summary>
    [Id(0)]
    public List<HourCost> Hours { get; set; } = [];

    /// <summary>When nodes were last counted; null before the first time.</summary>
    [Id(1)]
    public DateTimeOffset? ReadAt { get; set; }
}
