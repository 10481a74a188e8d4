namespace OrleansServe.Policies.Scaling;

/// <summary>Units that a role's demand asks for, unrounded.</summary>
/// <param name="Now">What is asked for now: demand, queue and KV use.</param>
/// <param name="Soon">The most from now until a unit started now would serve.</param>
/// <param name="Later">The most until a unit given up now would be worth having again.</param>
/// <param name="PeakAt">When the most of <paramref name="Soon"/> is expected.</param>
internal readonly record struct RoleNeed(double Now, double Soon, double Later, DateTimeOffset PeakAt)
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);

    // Deviations that come from demand going steadily up or down are no noise.
    private const double Steady = 0.01;

    /// <summary>Works it out.</summary>
    /// <param name="state">What is known of the role.</param>
    /// <param name="forecast">What will be asked for.</param>
    /// <param name="seen">The last observation; null if there is none that can be relied on.</param>
    /// <param name="queueRate">Tokens a second needed beside the demand to work queues off.</param>
    /// <param name="kvUse">Share of KV blocks that may be in use.</param>
    /// <param name="now">The time.</param>
    /// <param name="soon">Until a unit started now would serve.</param>
    /// <param name="later">Until one given up now would be worth having again.</param>
    public static RoleNeed Of(RoleScalingState state, DemandForecast forecast, RoleObservation? seen, double queueRate, double kvUse, DateTimeOffset now, TimeSpan soon, TimeSpan later)
    {
        double demand = state.Demand ?? 0;
        double noise = demand > 0 ? Math.Clamp((state.Deviation / demand) - Steady, 0, 1) : 0;
        double perToken = state.Capacity > 0 ? state.Headroom * (1 + noise) / state.Capacity : 0;
        double units = state.Capacity > 0 ? (demand * perToken) + (queueRate / state.Capacity) : (seen?.InFlightUnits ?? 0) * state.Headroom;
        double nowUnits = Math.Max(units, (seen?.KvUse ?? 0) * (seen?.Ready ?? 0) / kvUse);
        (double soonUnits, double laterUnits, DateTimeOffset peak) = (nowUnits, nowUnits, now);
        for (TimeSpan ahead = Look; ahead <= later; ahead += Look)
        {
            double expected = forecast.At(now + ahead) * perToken;
            laterUnits = Math.Max(laterUnits, expected);
            if (ahead <= soon && expected > soonUnits)
            {
                (soonUnits, peak) = (expected, now + ahead);
            }
        }

        return new RoleNeed(nowUnits, soonUnits, laterUnits, peak);
    }
}
