namespace OrleansServe.Policies.Pricing;

/// <summary>What is sold for what, and what a node costs, as it is written down; <see cref="PriceBook"/> is what answers.</summary>
public sealed record PriceList
{
    /// <summary>The entry for models that have none of their own.</summary>
    public const string AnyModel = "*";

    /// <summary>Whose clock the windows go by: an IANA name, UTC, or an offset as +08:00.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Prices of model versions.</summary>
    public IReadOnlyList<ModelPrices> Models { get; init; } = [];

    /// <summary>US dollars for a GPU and hour.</summary>
    public decimal GpuHourPrice { get; init; }

    /// <summary>GPUs of a node.</summary>
    public int GpusPerNode { get; init; } = 1;
}
