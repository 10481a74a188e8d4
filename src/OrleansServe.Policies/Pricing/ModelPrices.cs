namespace OrleansServe.Policies.Pricing;

/// <summary>What a model version's tokens are sold for.</summary>
public sealed record ModelPrices
{
    /// <summary>The model version, or * for all that have no entry of their own.</summary>
    public required string Model { get; init; }

    /// <summary>Outside the windows.</summary>
    public required TokenPrices Usual { get; init; }

    /// <summary>When there is a discount; no two at once.</summary>
    public IReadOnlyList<OffPeakWindow> OffPeak { get; init; } = [];
}
