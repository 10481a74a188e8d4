using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OrleansServe.Policies.Scaling;

/// <summary>The clock on the wall of a time zone, daylight saving included.</summary>
internal sealed class LocalClock
{
    private static readonly string[] OffsetForms = [@"\+hh\:mm", @"\-hh\:mm"];
    private readonly TimeZoneInfo _zone;

    private LocalClock(TimeZoneInfo zone) => _zone = zone;

    /// <summary>The clock of a zone.</summary>
    /// <param name="name">An IANA name, UTC, or an offset as +08:00.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>False if there is no such zone.</returns>
    public static bool TryFind(string? name, [NotNullWhen(true)] out LocalClock? clock)
    {
        clock = null;
        if (name is null or { Length: 0 } or { Length: > 100 })
        {
            return false;
        }

        if (name[0] is '+' or '-')
        {
            if (!TimeSpan.TryParseExact(name, OffsetForms, CultureInfo.InvariantCulture, name[0] == '-' ? TimeSpanStyles.AssumeNegative : TimeSpanStyles.None, out TimeSpan offset) || offset.Duration() > TimeSpan.FromHours(14))
            {
                return false;
            }

            clock = new LocalClock(TimeZoneInfo.CreateCustomTimeZone(name, offset, name, name));
            return true;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone))
        {
            clock = new LocalClock(zone);
            return true;
        }

        return false;
    }

    /// <summary>What the clock shows.</summary>
    public DateTime At(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, _zone).DateTime;

    /// <summary>When the clock showed the same some days before. In the hour that was left out in spring, an hour later.</summary>
    public DateTimeOffset DaysBefore(DateTimeOffset time, int days)
    {
        DateTime local = DateTime.SpecifyKind(At(time).AddDays(-days), DateTimeKind.Unspecified);
        if (_zone.IsInvalidTime(local))
        {
            local = local.AddHours(1);
        }

        return new DateTimeOffset(local, _zone.GetUtcOffset(local));
    }
}
