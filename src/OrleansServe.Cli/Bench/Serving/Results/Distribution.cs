namespace OrleansServe.Cli.Bench.Serving.Results;

/// <summary>A set of measurements in a few numbers.</summary>
/// <param name="Count">How many; at least 1.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Max">The largest.</param>
internal sealed record Distribution(int Count, double Mean, double P50, double P90, double P99, double Max)
{
    /// <summary>Sums measurements up.</summary>
    /// <returns>Null if there are none: nothing can be said about them.</returns>
    public static Distribution? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values];
        if (sorted.Length == 0)
        {
            return null;
        }

        Array.Sort(sorted);
        return new Distribution(sorted.Length, sorted.Average(), Percentile(sorted, 50), Percentile(sorted, 90), Percentile(sorted, 99), sorted[^1]);
    }

    /// <summary>A percentile, interpolated between the two measurements that it falls between.</summary>
    /// <param name="sorted">Ascending, at least one.</param>
    /// <param name="percent">In [0, 100].</param>
    /// <remarks>Type 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996: what most tools report.</remarks>
    public static double Percentile(ReadOnlySpan<double> sorted, double percent)
    {
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(sorted));
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        double place = percent / 100 * (sorted.Length - 1);
        int below = (int)place;
        int above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
