namespace OrleansServe.Policies.Scaling;

/// <summary>Hours of the week by the clock on the wall.</summary>
internal static class WeeklyHours
{
    private const long Week = 7 * TimeSpan.TicksPerDay;

    /// <summary>Whether a local time is within hours that begin on some days.</summary>
    public static bool Contain(IReadOnlyList<DayOfWeek> days, TimeOnly from, TimeOnly to, DateTime local)
    {
        TimeOnly time = TimeOnly.FromDateTime(local);
        if (from < to)
        {
            return time >= from && time < to && days.Contains(local.DayOfWeek);
        }

        return (time >= from && days.Contains(local.DayOfWeek)) || (time < to && days.Contains(local.AddDays(-1).DayOfWeek));
    }

    /// <summary>Whether two such hours have a time in common.</summary>
    public static bool Overlap((IReadOnlyList<DayOfWeek> Days, TimeOnly From, TimeOnly To) a, (IReadOnlyList<DayOfWeek> Days, TimeOnly From, TimeOnly To) b)
    {
        foreach (DayOfWeek first in a.Days)
        {
            foreach (DayOfWeek second in b.Days)
            {
                long begin = Begin(first, a.From);
                long other = Begin(second, b.From);
                if (Ahead(begin, other) < Length(a.From, a.To) || Ahead(other, begin) < Length(b.From, b.To))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static long Begin(DayOfWeek day, TimeOnly from) => ((long)day * TimeSpan.TicksPerDay) + from.Ticks;

    private static long Length(TimeOnly from, TimeOnly to) => to > from ? to.Ticks - from.Ticks : to.Ticks - from.Ticks + TimeSpan.TicksPerDay;

    private static long Ahead(long from, long to) => (to - from + Week) % Week;
}
