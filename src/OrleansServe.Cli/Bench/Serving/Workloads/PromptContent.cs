namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>What a request asks: text, or else tokens.</summary>
/// <param name="Text">The text.</param>
/// <param name="TokenIds">The tokens.</param>
internal sealed record PromptContent(string? Text, int[]? TokenIds);
