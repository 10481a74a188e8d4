namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>One request before it is sent.</summary>
/// <param name="Index">Its place in the order of arrival, from 0.</param>
/// <param name="Due">When it comes, from the start.</param>
/// <param name="InputTokens">Tokens of the prompt; null where only the server can tell.</param>
/// <param name="OutputTokens">Tokens to be produced at most.</param>
/// <param name="Prompt">Makes the prompt: the same one every time. Kept as a function, since the prompts of a long run would not fit in memory.</param>
internal sealed record PlannedRequest(int Index, TimeSpan Due, int? InputTokens, int OutputTokens, Func<PromptContent> Prompt);
