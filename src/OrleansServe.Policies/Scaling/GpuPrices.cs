namespace OrleansServe.Policies.Scaling;

/// <summary>What a GPU and hour costs when.</summary>
public sealed class GpuPrices
{
    private static readonly DayOfWeek[] AnyDay = Enum.GetValues<DayOfWeek>();
    private readonly LocalClock _clock;
    private readonly decimal _usual;
    private readonly IReadOnlyList<PriceWindow> _windows;

    /// <param name="options">Valid options.</param>
    /// <exception cref="ArgumentException">The time zone is unknown.</exception>
    public GpuPrices(ScalingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _clock = LocalClock.TryFind(options.TimeZone, out LocalClock? clock) ? clock : throw new ArgumentException($"There is no time zone {options.TimeZone}.", nameof(options));
        (_usual, _windows) = (options.GpuHourPrice, options.Prices);
    }

    /// <summary>US dollars for a GPU and hour.</summary>
    public decimal At(DateTimeOffset time)
    {
        DateTime local = _clock.At(time);
        foreach (PriceWindow window in _windows)
        {
            if (WeeklyHours.Contain(AnyDay, window.From, window.To, local))
            {
                return window.GpuHourPrice;
            }
        }

        return _usual;
    }

    /// <summary>The least price from now on.</summary>
    /// <param name="time">Now.</param>
    /// <param name="within">How far to look.</param>
    public decimal Cheapest(DateTimeOffset time, TimeSpan within)
    {
        decimal least = At(time);
        for (TimeSpan ahead = TimeSpan.Zero; ahead < within && _windows.Count > 0; ahead += TimeSpan.FromMinutes(15))
        {
            least = Math.Min(least, At(time + ahead));
        }

        return least;
    }
}
