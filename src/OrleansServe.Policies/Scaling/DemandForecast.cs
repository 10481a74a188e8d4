using System.Globalization;

namespace OrleansServe.Policies.Scaling;

/// <summary>
/// What will be asked for in the next minutes: what was at the same hours of past days, raised or lowered to today's level; the trend of the last minutes where no past day is known
/// or none resembles today.
/// </summary>
internal sealed class DemandForecast
{
    private const int LevelBins = 4;
    private const int ShapeBins = 12;
    private const int TrendBins = 3;
    private const double MostLevel = 4;
    private const double MostGrowth = 2;

    // A day's weight falls by this from one to the next, and more where one is a weekend's and the other is not.
    private const double Fading = 0.8;
    private const double OtherKind = 0.3;

    // Days that differ from today by no more than this are equally good.
    private const double Indistinct = 0.02;
    private const double Resembles = 0.15;

    private readonly DemandHistory _history;
    private readonly LocalClock _clock;
    private readonly double _current;
    private readonly DateTimeOffset _now;
    private readonly double _growth;
    private readonly List<(int Days, double Level, double Weight)> _past = [];
    private readonly double _error;

    /// <param name="history">Past demand.</param>
    /// <param name="clock">The clock that people live by.</param>
    /// <param name="current">Demand lately, in tokens a second.</param>
    /// <param name="small">Demand that hardly matters, in the same unit.</param>
    /// <param name="now">The time.</param>
    /// <param name="days">Past days to look at.</param>
    public DemandForecast(DemandHistory history, LocalClock clock, double current, double small, DateTimeOffset now, int days)
    {
        (_history, _clock, _current, _now) = (history, clock, current, now);
        _growth = GrowthPerSecond();
        double weights = 0;
        for (int day = 1; day <= days; day++)
        {
            if (LevelOf(day, small) is { } level)
            {
                double error = ErrorOf(day, level, small);
                double weight = Math.Pow(Fading, day - 1) * (SameKind(day) ? 1 : OtherKind) / ((Indistinct * Indistinct) + (error * error));
                _past.Add((day, level, weight));
                _error += weight * error;
                weights += weight;
            }
        }

        _error = weights > 0 ? _error / weights : double.PositiveInfinity;
    }

    /// <summary>What it goes by, in words.</summary>
    public string Source => _past.Count == 0
        ? "no past day is known, so the trend goes on"
        : string.Create(CultureInfo.InvariantCulture, $"as on {(_past.Count == 1 ? "the day before" : $"{_past.Count} past days")} at {100 * _past.Sum(day => day.Weight * day.Level) / _past.Sum(day => day.Weight):0} % of that level{(_error > Resembles ? ", of which today differs, or as the trend goes" : "")}");

    /// <summary>Tokens a second at a time to come.</summary>
    public double At(DateTimeOffset time)
    {
        double sum = 0;
        double weights = 0;
        foreach ((int days, double level, double weight) in _past)
        {
            if (_history.At(_clock.DaysBefore(time, days)) is { } rate)
            {
                sum += weight * level * rate;
                weights += weight;
            }
        }

        double trend = Math.Min(_current * MostGrowth, _current + (_growth * (time - _now).TotalSeconds));
        return weights == 0 ? trend : _error > Resembles ? Math.Max(trend, sum / weights) : sum / weights;
    }

    /// <summary>Today's level over a past day's, in the last minutes.</summary>
    private double? LevelOf(int day, double small)
    {
        double today = 0;
        double then = 0;
        int known = 0;
        foreach ((double rate, double past) in Pairs(day, LevelBins))
        {
            today += rate;
            then += past;
            known++;
        }

        return known >= LevelBins / 2 ? Math.Min(MostLevel, (today + (known * small)) / (then + (known * small))) : null;
    }

    /// <summary>How far a past day is from today in the last hour, when both have the same level; a share of the demand.</summary>
    private double ErrorOf(int day, double level, double small)
    {
        double squares = 0;
        double sum = 0;
        int known = 0;
        foreach ((double rate, double past) in Pairs(day, ShapeBins))
        {
            squares += (rate - (level * past)) * (rate - (level * past));
            sum += rate;
            known++;
        }

        return Math.Sqrt(squares / known) / ((sum / known) + small);
    }

    private IEnumerable<(double Today, double Past)> Pairs(int day, int bins)
    {
        long open = DemandHistory.NumberOf(_now);
        for (long bin = open - bins; bin < open; bin++)
        {
            DateTimeOffset middle = new((bin * DemandHistory.Bin.Ticks) + (DemandHistory.Bin.Ticks / 2), TimeSpan.Zero);
            if (_history.RateOf(bin) is { } rate && _history.At(_clock.DaysBefore(middle, day)) is { } past)
            {
                yield return (rate, past);
            }
        }
    }

    private bool SameKind(int day) => IsWeekend(_clock.At(_now)) == IsWeekend(_clock.At(_now).AddDays(-day));

    private static bool IsWeekend(DateTime local) => local.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;

    /// <summary>By how much demand has grown in a second, lately; 0 if it has fallen.</summary>
    private double GrowthPerSecond()
    {
        long open = DemandHistory.NumberOf(_now);
        for (int bins = TrendBins; bins > 0; bins--)
        {
            if (_history.RateOf(open - 1 - bins) is { } before)
            {
                double seconds = (_now.UtcTicks - ((open - 1 - bins) * DemandHistory.Bin.Ticks) - (DemandHistory.Bin.Ticks / 2)) / (double)TimeSpan.TicksPerSecond;
                return Math.Max(0, (_current - before) / seconds);
            }
        }

        return 0;
    }
}
