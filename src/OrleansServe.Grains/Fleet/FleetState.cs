namespace OrleansServe.Grains.Fleet;

/// <summary>What the fleet is to be, as it is stored.</summary>
[GenerateSerializer, Alias("os.fleet-state")]
public sealed class FleetState
{
    /// <summary>What the scaling policy remembers, as JSON; empty before the first decision.</summary>
    [Id(0)]
    public string Scaling { get; set; } = string.Empty;

    /// <summary>Units of prefill wanted; null before the first decision.</summary>
    [Id(1)]
    public int? PrefillUnits { get; set; }

    /// <summary>Units of decode wanted; null before the first decision.</summary>
    [Id(2)]
    public int? DecodeUnits { get; set; }

    /// <summary>When that was decided.</summary>
    [Id(3)]
    public DateTimeOffset? DecidedAt { get; set; }

    /// <summary>Why, in words.</summary>
    [Id(4)]
    public string Reason { get; set; } = string.Empty;

    /// <summary>Share of the tokens allowed that requests produce, as learned; null if nothing is.</summary>
    [Id(5)]
    public double? OutputShare { get; set; }

    /// <summary>Nodes told to leave with the last decision, by name.</summary>
    [Id(6)]
    public List<string> Leaving { get; set; } = [];
}
