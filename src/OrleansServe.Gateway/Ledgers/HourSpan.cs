using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Ledgers;

/// <summary>Hours that are asked for.</summary>
/// <param name="From">First hour.</param>
/// <param name="To">After the last hour.</param>
internal readonly record struct HourSpan(DateTimeOffset From, DateTimeOffset To)
{
    private const long LastSecond = 253_402_300_799;
    private const int MostDays = 400;
    private const int MostTenantLength = 64;

    /// <summary>Reads and fills in what was left out.</summary>
    /// <exception cref="RequestRejectedException">INVALID_ARGUMENT.</exception>
    public static HourSpan Read(HourRange? range, DateTimeOffset now)
    {
        long from = Check("hours.from_seconds", range?.FromSeconds ?? 0);
        long to = Check("hours.to_seconds", range?.ToSeconds ?? 0);
        DateTimeOffset end = to > 0 ? DateTimeOffset.FromUnixTimeSeconds(to) : HourOf(now).AddHours(1);
        DateTimeOffset begin = from > 0 ? DateTimeOffset.FromUnixTimeSeconds(from) : end.AddDays(-1);
        return begin < end && end - begin <= TimeSpan.FromDays(MostDays)
            ? new HourSpan(begin, end)
            : throw RequestRejectedException.Invalid($"hours must end after they begin and within {MostDays} days, are from {begin.ToUnixTimeSeconds()} to {end.ToUnixTimeSeconds()}.");
    }

    /// <summary>When the hour began, in UTC, that a moment is in.</summary>
    public static DateTimeOffset HourOf(DateTimeOffset moment) => new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    /// <summary>Refuses what is no tenant.</summary>
    /// <exception cref="RequestRejectedException">INVALID_ARGUMENT.</exception>
    public static void RequireTenant(string tenant)
    {
        if (tenant.Length > MostTenantLength || tenant.Any(character => character is < ' ' or > '~'))
        {
            throw RequestRejectedException.Invalid($"tenant must be at most {MostTenantLength} characters of printable ASCII, has {tenant.Length}.");
        }
    }

    private static long Check(string field, long seconds) =>
        seconds is >= 0 and <= LastSecond ? seconds : throw RequestRejectedException.Invalid($"{field} must be between 0 and {LastSecond}, is {seconds}.");
}
