namespace OrleansServe.Policies.Scaling;

/// <summary>Hours of the day in which a GPU has another price, by the clock on the wall.</summary>
/// <param name="From">When they begin.</param>
/// <param name="To">When they end; on the next day if this is not after <paramref name="From"/>.</param>
/// <param name="GpuHourPrice">US dollars for a GPU and hour.</param>
public sealed record PriceWindow(TimeOnly From, TimeOnly To, decimal GpuHourPrice);
