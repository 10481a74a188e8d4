namespace OrleansServe.Cli.Bench.Routing;

/// <summary>What a replay found.</summary>
/// <param name="Requests">Requests that were served.</param>
/// <param name="TooLarge">Requests left out because their prompt fits no worker.</param>
/// <param name="InputTokens">Prompt tokens of those served.</param>
/// <param name="HitRate">Share of them that the chosen workers had cached.</param>
/// <param name="InfiniteCacheHitRate">The same for one worker that never evicts.</param>
/// <param name="MaxOverMeanInputTokens">Prompt tokens of the worker that was given most, over the mean.</param>
/// <param name="MaxOverMeanComputedTokens">The same of those that were not cached.</param>
/// <param name="MeanQueuedTokens">Tokens that were queued at the chosen worker, on average over the requests.</param>
/// <param name="DecisionMicroseconds">What each decision took, ascending.</param>
internal sealed record RoutingFigures(
    int Requests,
    int TooLarge,
    long InputTokens,
    double HitRate,
    double InfiniteCacheHitRate,
    double MaxOverMeanInputTokens,
    double MaxOverMeanComputedTokens,
    double MeanQueuedTokens,
    IReadOnlyList<double> DecisionMicroseconds)
{
    /// <summary>The time that a share of the decisions kept to, by the nearest rank.</summary>
    public double DecisionAt(double share) => DecisionMicroseconds[Math.Max(0, (int)Math.Ceiling(share * DecisionMicroseconds.Count) - 1)];
}
