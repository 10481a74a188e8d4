namespace OrleansServe.Simulation.Runs;

/// <summary>How long first tokens took, counted in steps of two hundredths of the value.</summary>
internal sealed class LatencyCounts
{
    private const double Step = 1.02;
    private const double Least = 1e-3;
    private readonly long[] _counts = new long[1200];
    private long _total;

    /// <summary>Counts requests.</summary>
    public void Add(double seconds, long requests)
    {
        int bin = seconds <= Least ? 0 : (int)Math.Min(_counts.Length - 1, Math.Ceiling(Math.Log(seconds / Least) / Math.Log(Step)));
        _counts[bin] += requests;
        _total += requests;
    }

    /// <summary>Seconds within which a share of the requests had its first token, rounded up to a step; 0 if there were none.</summary>
    public double At(double share)
    {
        if (_total == 0)
        {
            return 0;
        }

        long rank = (long)Math.Ceiling(share * _total);
        int bin = 0;
        for (long seen = _counts[0]; seen < rank; seen += _counts[bin])
        {
            bin++;
        }

        return Least * Math.Pow(Step, bin);
    }
}
