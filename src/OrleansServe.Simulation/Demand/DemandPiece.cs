namespace OrleansServe.Simulation.Demand;

/// <summary>A time in which demand's rate is a straight line.</summary>
/// <param name="Begin">Seconds since the day began.</param>
/// <param name="End">The same.</param>
/// <param name="First">Share of the day's demand in a second, at the begin.</param>
/// <param name="Last">The same at the end.</param>
/// <param name="ShareAtBegin">Share of the day's demand before the begin.</param>
internal sealed record DemandPiece(double Begin, double End, double First, double Last, double ShareAtBegin)
{
    /// <summary>Share of the day's demand before the end.</summary>
    public double ShareAtEnd { get; } = ShareAtBegin + ((End - Begin) * (First + Last) / 2);

    /// <summary>Share of the day's demand in a second.</summary>
    public double RateAt(double seconds) => First + ((Last - First) * (seconds - Begin) / (End - Begin));

    /// <summary>When a share of the day's demand has come.</summary>
    /// <param name="share">From <see cref="ShareAtBegin"/> to <see cref="ShareAtEnd"/>.</param>
    public double TimeOf(double share)
    {
        // (slope / 2) x^2 + first x = missing, in the form that is exact for a slope of 0.
        double missing = share - ShareAtBegin;
        double slope = (Last - First) / (End - Begin);
        double root = Math.Sqrt(Math.Max(0, (First * First) + (2 * slope * missing)));
        double x = First + root > 0 ? 2 * missing / (First + root) : 0;
        return Math.Clamp(Begin + x, Begin, End);
    }
}
