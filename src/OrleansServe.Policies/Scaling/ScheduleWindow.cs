namespace OrleansServe.Policies.Scaling;

/// <summary>Hours of the week in which other limits hold: a peak with more units at least, a night with fewer at most. By the clock on the wall, so that daylight saving moves it.</summary>
public sealed record ScheduleWindow
{
    /// <summary>What it is called in reasons: peak, night.</summary>
    public required string Name { get; init; }

    /// <summary>Days on which it begins.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = Enum.GetValues<DayOfWeek>();

    /// <summary>When it begins.</summary>
    public required TimeOnly From { get; init; }

    /// <summary>When it ends; on the next day if this is not after <see cref="From"/>.</summary>
    public required TimeOnly To { get; init; }

    /// <summary>Least units of prefill; null for the role's own.</summary>
    public int? PrefillMinimum { get; init; }

    /// <summary>Most units of prefill; null for the role's own.</summary>
    public int? PrefillMaximum { get; init; }

    /// <summary>Least units of decode; null for the role's own.</summary>
    public int? DecodeMinimum { get; init; }

    /// <summary>Most units of decode; null for the role's own.</summary>
    public int? DecodeMaximum { get; init; }
}
