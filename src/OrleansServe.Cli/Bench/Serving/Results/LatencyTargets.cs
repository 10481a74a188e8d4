using OrleansServe.Cli.Bench.Serving.Running;

namespace OrleansServe.Cli.Bench.Serving.Results;

/// <summary>What a request must keep to count as good; null for what does not matter.</summary>
/// <param name="TimeToFirstToken">Its time to the first token, at most.</param>
/// <param name="InterTokenLatency">The 99th percentile of its own gaps between tokens, at most.</param>
/// <param name="TimePerOutputToken">Its mean time of a token after the first, at most.</param>
/// <param name="EndToEnd">Its whole time, at most.</param>
internal sealed record LatencyTargets(TimeSpan? TimeToFirstToken, TimeSpan? InterTokenLatency, TimeSpan? TimePerOutputToken, TimeSpan? EndToEnd)
{
    /// <summary>Whether there are any.</summary>
    public bool Any => (TimeToFirstToken ?? InterTokenLatency ?? TimePerOutputToken ?? EndToEnd) is not null;

    /// <summary>Whether a request finished and kept all of them.</summary>
    public bool Met(RequestRecord request) => request.IsCompleted
        && Within(request.TimeToFirstToken, TimeToFirstToken)
        && Within(GapOf(request), InterTokenLatency)
        && Within(request.TimePerOutputToken, TimePerOutputToken)
        && Within(request.Total, EndToEnd);

    // What a request does not have, as one of a single token has no gaps, it cannot miss.
    private static bool Within(TimeSpan? measured, TimeSpan? target) => measured is null || target is null || measured <= target;

    private TimeSpan? GapOf(RequestRecord request)
    {
        if (InterTokenLatency is null || request.Gaps.Count == 0)
        {
            return null;
        }

        double[] gaps = [.. request.Gaps.Select(gap => (double)gap).Order()];
        return TimeSpan.FromSeconds(Distribution.Percentile(gaps, 99));
    }
}
