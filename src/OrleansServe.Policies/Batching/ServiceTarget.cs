namespace OrleansServe.Policies.Batching;

/// <summary>What one class is promised.</summary>
/// <param name="FirstToken">From a request's arrival to its first token (TTFT). A request is due when this has passed.</param>
/// <param name="BetweenTokens">From one token to the next (ITL). Prompts get no more of a step than leaves the streams beside them this.</param>
public readonly record struct ServiceTarget(TimeSpan FirstToken, TimeSpan BetweenTokens);
