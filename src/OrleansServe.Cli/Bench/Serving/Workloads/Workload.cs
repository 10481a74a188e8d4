using OrleansServe.Cli.Client;

namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>What is sent to a server.</summary>
/// <param name="Description">Where it comes from and how it was changed, in words.</param>
/// <param name="Requests">In order of arrival.</param>
/// <param name="LeftOut">Requests of the source that are not among them, since the model's context is shorter.</param>
internal sealed record Workload(string Description, IReadOnlyList<PlannedRequest> Requests, int LeftOut)
{
    /// <summary>Holds a workload against the context of the model.</summary>
    /// <param name="description">In words.</param>
    /// <param name="requests">Every request of the source.</param>
    /// <param name="context">Tokens that prompt and answer may have together.</param>
    /// <param name="skipTooLong">Leave out what does not fit, instead of refusing.</param>
    /// <exception cref="CommandFailedException">Something does not fit, or nothing is left.</exception>
    public static Workload Fit(string description, IReadOnlyList<PlannedRequest> requests, int context, bool skipTooLong)
    {
        PlannedRequest[] fitting = [.. requests.Where(request => (long)(request.InputTokens ?? 1) + request.OutputTokens <= context)];
        int tooLong = requests.Count - fitting.Length;
        if (tooLong > 0 && !skipTooLong)
        {
            long longest = requests.Max(request => (long)(request.InputTokens ?? 1) + request.OutputTokens);
            throw new CommandFailedException(
                $"{tooLong} of {requests.Count} requests do not fit the model's context of {context} tokens; the longest needs {longest}. Ask for shorter ones, shorten a trace with --length-scale, or leave them out with --skip-too-long");
        }

        return fitting.Length > 0
            ? new Workload(description, [.. fitting.Select((request, index) => request with { Index = index })], tooLong)
            : throw new CommandFailedException($"no request is left of {requests.Count}: {tooLong} do not fit the model's context of {context} tokens");
    }
}
