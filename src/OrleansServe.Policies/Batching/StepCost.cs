namespace OrleansServe.Policies.Batching;

/// <summary>What a step takes: <c>BaseSeconds + tokens x TokenSeconds</c>, as measured. All zero where nothing is known yet.</summary>
/// <param name="BaseSeconds">Whatever is in the batch.</param>
/// <param name="TokenSeconds">For each token.</param>
public readonly record struct StepCost(double BaseSeconds, double TokenSeconds)
{
    /// <summary>Tokens that a step of so many seconds has room for, at most <paramref name="limit"/>.</summary>
    public int TokensWithin(double seconds, int limit) =>
        seconds <= BaseSeconds ? 0
        : (seconds - BaseSeconds) >= limit * TokenSeconds ? limit
        : (int)((seconds - BaseSeconds) / TokenSeconds);
}
