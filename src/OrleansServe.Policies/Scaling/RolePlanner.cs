using System.Globalization;

namespace OrleansServe.Policies.Scaling;

/// <summary>Decides for one role how many units there are to be.</summary>
internal static class RolePlanner
{
    // A few hundredths of a unit are within what a demand can be known to.
    private const double Negligible = 0.02;

    // Units are given up when they are not needed by this much, so that a demand at the edge moves nothing.
    private const double DeadBand = 0.015;
    private const int MostRegrets = 3;

    /// <param name="options">How the fleet scales.</param>
    /// <param name="role">How the role does.</param>
    /// <param name="state">What is known of it.</param>
    /// <param name="seen">The last observation; null if there is none that can be relied on.</param>
    /// <param name="need">Units that the demand asks for.</param>
    /// <param name="limits">Least and most units.</param>
    /// <param name="hold">Why no unit may be taken away now; null if some may.</param>
    /// <param name="now">The time.</param>
    public static (RoleDecision Decision, RoleScalingState State) Plan(
        ScalingOptions options, RoleScaling role, RoleScalingState state, RoleObservation? seen, RoleNeed need, UnitLimits limits, string? hold, DateTimeOffset now)
    {
        int supply = seen is null ? state.Units ?? 0 : seen.Ready + seen.Starting;
        int current = state.Units ?? Math.Max(limits.Minimum, supply);
        int soon = Bound(role, need.Soon, limits);
        int later = Math.Min(current, Bound(role, need.Later * (1 + DeadBand), limits));
        int most = Math.Max(role.Step, (int)(options.LargestScaleIn * current));
        (int units, string why) = soon > current
            ? Grow(options, state, current, soon, now)
            : Shrink(options, role, state, seen, (current, later, most), limits, hold, need.Later <= Negligible, now);
        RoleScalingState next = Remember(options, state, current, units, now);
        RoleDecision decision = Orders(seen, units, supply, hold is null ? most : 0) with { Needed = need.Soon };
        return (decision with { Reason = Reason(decision, state, need, limits, seen, current, why) }, next);
    }

    private static (int Units, string Why) Grow(ScalingOptions options, RoleScalingState state, int current, int wanted, DateTimeOffset now) =>
        state.Grown is { } grown && now - grown < options.ScaleOutCoolDown
            ? (current, string.Create(CultureInfo.InvariantCulture, $"{wanted} are wanted, but units were added at {grown:HH:mm:ss} UTC"))
            : (wanted, "added ahead of need");

    private static (int Units, string Why) Shrink(
        ScalingOptions options, RoleScaling role, RoleScalingState state, RoleObservation? seen, (int Current, int Wanted, int Most) units, UnitLimits limits, string? hold, bool idle, DateTimeOffset now)
    {
        (int current, int wanted, int most) = units;
        if (wanted >= current)
        {
            return (current, "all are needed");
        }

        if (hold is not null || seen is null)
        {
            return (current, $"none is taken away: {hold ?? "there is no report"}");
        }

        // Where nothing is asked for any more, there is nothing to regret.
        TimeSpan coolDown = options.ScaleInCoolDown * Math.Pow(2, idle ? 0 : state.Regrets);
        if (state.Grown is { } grown && now - grown < coolDown && current <= limits.Maximum)
        {
            return (current, string.Create(CultureInfo.InvariantCulture, $"{wanted} would do, but units were added at {grown:HH:mm:ss} UTC"));
        }

        // What is under way is done before a unit leaves; a unit that does not report is taken to be full.
        int floor = (int)Math.Min(current, Math.Ceiling(seen.InFlightUnits - Negligible) + seen.Unreported);
        int least = Math.Max(floor, current - most);
        int target = Math.Min(current, Align(role, Math.Max(wanted, least), current));
        return (target, target == current ? $"{wanted} would do, but what is under way fills {floor}"
            : target > wanted ? $"{wanted} would do; {(floor > current - most ? $"what is under way fills {floor}" : "more leave next time")}"
            : "the others are not needed for some time");
    }

    private static RoleScalingState Remember(ScalingOptions options, RoleScalingState state, int before, int units, DateTimeOffset now)
    {
        if (units > before)
        {
            // Units that were expected not to be needed for so long, and were: next time they stay longer.
            bool regretted = state.Shrunk is { } shrunk && now - shrunk < options.StartUp + options.ScaleInCoolDown;
            return state with { Units = units, Grown = now, Regrets = regretted ? Math.Min(MostRegrets, state.Regrets + 1) : state.Regrets };
        }

        bool calm = state.Grown is not { } grown || now - grown > 4 * (options.StartUp + options.ScaleInCoolDown);
        return units < before
            ? state with { Units = units, Shrunk = now, Regrets = calm ? 0 : state.Regrets }
            : state with { Units = units };
    }

    private static RoleDecision Orders(RoleObservation? seen, int units, int supply, int most)
    {
        int pending = Math.Max(0, units - supply);
        int without = seen?.Unschedulable ?? 0;
        return new RoleDecision(units, Math.Max(0, pending - without), Math.Max(0, without - pending), Math.Clamp(supply - units, 0, most), 0, "");
    }

    /// <summary>Whole units within limits, in steps.</summary>
    private static int Bound(RoleScaling role, double units, UnitLimits limits)
    {
        int whole = (int)Math.Min(int.MaxValue / 2, Math.Ceiling(Math.Max(0, units - Negligible)));
        return Align(role, Math.Max(whole, limits.Minimum), limits.Maximum);
    }

    private static int Align(RoleScaling role, int units, int most)
    {
        int above = Math.Max(0, units - role.Minimum);
        int steps = (above + role.Step - 1) / role.Step;
        return Math.Min(Math.Max(units, role.Minimum + (steps * role.Step)), most);
    }

    private static string Reason(RoleDecision decision, RoleScalingState state, RoleNeed need, UnitLimits limits, RoleObservation? seen, int current, string why)
    {
        string change = decision.Units == current ? $"{current} units" : $"{current} to {decision.Units} units";
        string when = need.Soon > need.Now ? string.Create(CultureInfo.InvariantCulture, $" at {need.PeakAt.UtcDateTime:HH:mm} UTC") : " now";
        string demand = string.Create(CultureInfo.InvariantCulture, $"{state.Demand ?? 0:0} tokens/s now, {need.Soon:0.0} units of {state.Capacity:0} tokens/s needed{when}");
        string bounds = decision.Units == limits.Minimum && limits.MinimumBy is { } least ? $"; at least {limits.Minimum} for {least}"
            : decision.Units == limits.Maximum && need.Soon > limits.Maximum ? $"; at most {limits.Maximum}{(limits.MaximumBy is { } most ? $" for {most}" : "")}, which is less than is needed"
            : "";
        string pending = seen is { Unschedulable: > 0 } ? $"; {seen.Unschedulable} find no nodes and are not counted on" : "";
        return $"{change}: {why} ({demand}{bounds}{pending})";
    }
}
