namespace OrleansServe.Policies.Scaling;

/// <summary>Learns from observations: how much is asked for, how unsteadily, and what a unit can do.</summary>
internal static class LoadMeter
{
    private const double DemandSeconds = 90;
    private const double DeviationSeconds = 1800;

    // Ten minutes of a fleet's full work replace most of what was believed of its capacity.
    private const double CapacitySeconds = 600;
    private const double LeastBusy = 0.02;
    private const double MostCapacityChange = 2;

    /// <summary>Takes an observation in.</summary>
    /// <param name="state">What was known.</param>
    /// <param name="role">What the role may do.</param>
    /// <param name="seen">The observation.</param>
    /// <param name="classes">Each class's target, and whether its work is counted now.</param>
    /// <param name="at">When it was seen.</param>
    /// <param name="window">What it was counted over.</param>
    /// <param name="keepDays">Days of history.</param>
    public static RoleScalingState Learn(
        RoleScalingState state, RoleScaling role, RoleObservation seen, ReadOnlySpan<(ClassScaling Target, ClassLoad Load, bool Counted)> classes, DateTimeOffset at, TimeSpan window, int keepDays)
    {
        double seconds = window.TotalSeconds;
        double tokens = 0;
        double capacity = 0;
        foreach ((ClassScaling target, ClassLoad load, bool counted) in classes)
        {
            tokens += counted ? load.ArrivedTokens : 0;
            capacity += counted ? load.ArrivedTokens / target.Utilization : 0;
        }

        double rate = tokens / seconds;
        double weight = Weight(seconds, DemandSeconds);
        double before = state.Demand ?? rate;
        double demand = before + (weight * (rate - before));
        return state with
        {
            Demand = demand,
            Headroom = tokens > 0 ? state.Headroom + ((state.Demand is null ? 1 : weight) * ((capacity / tokens) - state.Headroom)) : state.Headroom,
            Deviation = state.Deviation + (Weight(seconds, DeviationSeconds) * (Math.Abs(rate - before) - state.Deviation)),
            Capacity = CapacityOf(state.Capacity > 0 ? state.Capacity : role.InitialCapacity, seen, seconds),
            History = state.History.Add(at, tokens, seconds, keepDays),
        };
    }

    private static double CapacityOf(double known, RoleObservation seen, double seconds)
    {
        double unitSeconds = Math.Max(1, seen.Ready) * seconds;
        if (seen.BusyUnitSeconds < LeastBusy * unitSeconds || seen.ServedTokens <= 0)
        {
            return known;
        }

        double sample = seen.ServedTokens / seen.BusyUnitSeconds;
        if (known <= 0)
        {
            return sample;
        }

        // One wrong report must not make a fleet look twice as strong.
        double bounded = Math.Clamp(sample, known / MostCapacityChange, known * MostCapacityChange);
        return known + (Weight(seen.BusyUnitSeconds / Math.Max(1, seen.Ready), CapacitySeconds) * (bounded - known));
    }

    private static double Weight(double seconds, double constant) => 1 - Math.Exp(-seconds / constant);
}
