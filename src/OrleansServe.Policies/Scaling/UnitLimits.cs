namespace OrleansServe.Policies.Scaling;

/// <summary>Least and most units at a time, and what says so.</summary>
/// <param name="Minimum">Least units, from now until a unit started now would serve.</param>
/// <param name="Maximum">Most units now; never below <paramref name="Minimum"/>.</param>
/// <param name="MinimumBy">Name of the window that asks for the minimum; null if it is the role's own.</param>
/// <param name="MaximumBy">The same of the maximum.</param>
internal readonly record struct UnitLimits(int Minimum, int Maximum, string? MinimumBy, string? MaximumBy)
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);

    /// <summary>The limits of a role.</summary>
    /// <param name="role">Its own.</param>
    /// <param name="schedule">Hours with other limits.</param>
    /// <param name="ofWindow">The window's limits of this role.</param>
    /// <param name="clock">The clock that the schedule goes by.</param>
    /// <param name="now">The time.</param>
    /// <param name="lead">How long a unit takes until it serves.</param>
    public static UnitLimits Of(
        RoleScaling role, IReadOnlyList<ScheduleWindow> schedule, Func<ScheduleWindow, (int? Minimum, int? Maximum)> ofWindow, LocalClock clock, DateTimeOffset now, TimeSpan lead)
    {
        UnitLimits limits = new(role.Minimum, role.Maximum, null, null);
        foreach (ScheduleWindow window in schedule)
        {
            (int? minimum, int? maximum) = ofWindow(window);
            if (maximum < limits.Maximum && IsOpen(window, clock, now))
            {
                limits = limits with { Maximum = maximum.Value, MaximumBy = window.Name };
            }

            // Units are back before the hours that ask for them begin.
            if (minimum > limits.Minimum && WillBeOpen(window, clock, now, lead))
            {
                limits = limits with { Minimum = minimum.Value, MinimumBy = window.Name };
            }
        }

        return limits.Maximum < limits.Minimum ? limits with { Maximum = limits.Minimum, MaximumBy = limits.MinimumBy } : limits;
    }

    private static bool WillBeOpen(ScheduleWindow window, LocalClock clock, DateTimeOffset now, TimeSpan lead)
    {
        for (TimeSpan ahead = TimeSpan.Zero; ahead < lead; ahead += Look)
        {
            if (IsOpen(window, clock, now + ahead))
            {
                return true;
            }
        }

        return IsOpen(window, clock, now + lead);
    }

    private static bool IsOpen(ScheduleWindow window, LocalClock clock, DateTimeOffset time) => WeeklyHours.Contain(window.Days, window.From, window.To, clock.At(time));
}
