namespace OrleansServe.Policies.Pricing;

/// <summary>Hours of the week with a discount, by the clock on the wall, so that daylight saving moves them.</summary>
public sealed record OffPeakWindow
{
    /// <summary>Days on which it begins.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = Enum.GetValues<DayOfWeek>();

    /// <summary>When it begins.</summary>
    public required TimeOnly From { get; init; }

    /// <summary>When it ends; on the next day if this is not after <see cref="From"/>.</summary>
    public required TimeOnly To { get; init; }

    /// <summary>Share of the usual prices that is taken off, in [0, 1].</summary>
    public required decimal Discount { get; init; }
}
