using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Demand;

/// <summary>Which share of a day's demand comes when: pieces on which the rate is a straight line.</summary>
internal sealed class DemandCurve
{
    /// <summary>Seconds of a day.</summary>
    public const double DaySeconds = 24 * HourSeconds;

    private const double HourSeconds = 3600;

    private readonly List<DemandPiece> _pieces = [];

    /// <param name="hourly">[24] demand by the hour; only the proportions count. All zero for a day without demand.</param>
    /// <param name="shape">Between the hours.</param>
    public DemandCurve(IReadOnlyList<double> hourly, DemandShape shape)
    {
        double total = hourly.Sum();
        double[] rates = [.. hourly.Select(value => total > 0 ? value / total / HourSeconds : 0)];
        if (shape == DemandShape.Hourly)
        {
            for (int hour = 0; hour < rates.Length; hour++)
            {
                Add(hour * HourSeconds, (hour + 1) * HourSeconds, rates[hour], rates[hour]);
            }

            return;
        }

        // The day before ended as this one does: at midnight the rate is between the last hour's and the first's.
        double midnight = (rates[0] + rates[^1]) / 2;
        Add(0, HourSeconds / 2, midnight, rates[0]);
        for (int hour = 1; hour < rates.Length; hour++)
        {
            Add((hour - 0.5) * HourSeconds, (hour + 0.5) * HourSeconds, rates[hour - 1], rates[hour]);
        }

        Add(DaySeconds - (HourSeconds / 2), DaySeconds, rates[^1], midnight);
    }

    /// <summary>The pieces, in order and without gaps.</summary>
    public IReadOnlyList<DemandPiece> Pieces => _pieces;

    /// <summary>Share of the day's demand in a second.</summary>
    /// <param name="seconds">Since the day began; other days are alike.</param>
    public double RateAt(double seconds)
    {
        double at = seconds - (Math.Floor(seconds / DaySeconds) * DaySeconds);
        DemandPiece piece = _pieces.FindLast(piece => piece.Begin <= at) ?? _pieces[0];
        return piece.RateAt(at);
    }

    private void Add(double begin, double end, double first, double last) =>
        _pieces.Add(new DemandPiece(begin, end, first, last, _pieces.Count > 0 ? _pieces[^1].ShareAtEnd : 0));
}
