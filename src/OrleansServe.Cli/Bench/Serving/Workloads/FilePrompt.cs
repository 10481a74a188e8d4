namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>A prompt in a file.</summary>
/// <param name="Text">The text, not empty.</param>
/// <param name="OutputTokens">Tokens of the answer, where the file says.</param>
internal sealed record FilePrompt(string Text, int? OutputTokens);
