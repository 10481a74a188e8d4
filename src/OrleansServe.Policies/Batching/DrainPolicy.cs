namespace OrleansServe.Policies.Batching;

/// <summary>Which streams a worker that is to stop keeps, and which it hands on.</summary>
public static class DrainPolicy
{
    /// <summary>
    /// Whether a stream is sure to end in time: if it takes every token that it may. Most end sooner, but to hand one on costs its prompt once more, and to
    /// wait for one that does not end costs the same later and the wait besides.
    /// </summary>
    /// <param name="tokens">Tokens that it may still take.</param>
    /// <param name="streams">Streams that share each step.</param>
    /// <param name="cost">What steps take.</param>
    /// <param name="left">The time that there is.</param>
    public static bool EndsInTime(int tokens, int streams, StepCost cost, TimeSpan left) =>
        left > TimeSpan.Zero && tokens * (cost.BaseSeconds + (cost.TokenSeconds * streams)) <= left.TotalSeconds;
}
