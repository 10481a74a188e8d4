namespace OrleansServe.Policies.Scaling;

/// <summary>Demand of past days, in means of five minutes. Immutable.</summary>
public sealed record DemandHistory
{
    private const double Unknown = -1;

    /// <summary>Length of a bin.</summary>
    public static TimeSpan Bin { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Number of the first bin, counted from the year 1.</summary>
    public long FirstBin { get; init; }

    /// <summary>Tokens a second in each bin from the first on; below 0 where nothing was seen.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [];

    /// <summary>Number of the bin that is being filled.</summary>
    public long OpenBin { get; init; }

    /// <summary>Tokens in it so far.</summary>
    public double OpenTokens { get; init; }

    /// <summary>Seconds of it that were seen.</summary>
    public double OpenSeconds { get; init; }

    /// <summary>Adds what was seen.</summary>
    /// <param name="at">When; times may be left out, and must not go back.</param>
    /// <param name="tokens">Tokens asked for.</param>
    /// <param name="seconds">In how many seconds.</param>
    /// <param name="keepDays">How many days are kept.</param>
    public DemandHistory Add(DateTimeOffset at, double tokens, double seconds, int keepDays)
    {
        // What was seen belongs to the middle of its window.
        long bin = NumberOf(at.AddSeconds(-seconds / 2));
        if (bin == OpenBin)
        {
            return this with { OpenTokens = OpenTokens + tokens, OpenSeconds = OpenSeconds + seconds };
        }

        DemandHistory closed = OpenSeconds > 0 ? Close(keepDays) : this;
        return closed with { OpenBin = bin, OpenTokens = tokens, OpenSeconds = seconds };
    }

    /// <summary>
    /// Tokens a second at a time, between the middles of the bins around it, but not less than in its own bin: where demand jumps, it does so at the bin's begin. Null if it is not known.
    /// </summary>
    public double? At(DateTimeOffset time) => Between(time) is { } rate ? Math.Max(rate, RateOf(NumberOf(time)) ?? 0) : null;

    /// <summary>Tokens a second of a closed bin; null if it is not known.</summary>
    public double? RateOf(long bin)
    {
        long index = bin - FirstBin;
        return index >= 0 && index < Rates.Count && Rates[(int)index] >= 0 ? Rates[(int)index] : null;
    }

    /// <summary>Number of the bin that a time is in.</summary>
    public static long NumberOf(DateTimeOffset time) => time.UtcTicks / Bin.Ticks;

    private double? Between(DateTimeOffset time)
    {
        double position = ((double)time.UtcTicks / Bin.Ticks) - 0.5;
        long before = (long)Math.Floor(position);
        double share = position - before;
        return (RateOf(before), RateOf(before + 1)) switch
        {
            ({ } a, { } b) => a + (share * (b - a)),
            ({ } a, null) when share < 0.5 => a,
            (null, { } b) when share >= 0.5 => b,
            _ => null,
        };
    }

    private DemandHistory Close(int keepDays)
    {
        long keep = (keepDays + 1) * (TimeSpan.TicksPerDay / Bin.Ticks);
        double rate = OpenTokens / OpenSeconds;
        long end = FirstBin + Rates.Count;
        if (Rates.Count == 0 || OpenBin - end > keep)
        {
            return this with { FirstBin = OpenBin, Rates = [rate] };
        }

        if (OpenBin < end)
        {
            // The clock was set back: what was written last about a time holds.
            return OpenBin < FirstBin ? this : this with { Rates = [.. Rates.Select((known, i) => i == OpenBin - FirstBin ? rate : known)] };
        }

        List<double> rates = [.. Rates, .. Enumerable.Repeat(Unknown, (int)(OpenBin - end)), rate];
        int surplus = (int)Math.Max(0, rates.Count - keep);
        return this with { FirstBin = FirstBin + surplus, Rates = [.. rates.Skip(surplus)] };
    }
}
