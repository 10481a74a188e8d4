namespace OrleansServe.Cli.Bench.Control;

/// <summary>What is measured, and for how long.</summary>
/// <param name="Streams">Streams that produce tokens at once.</param>
/// <param name="StepInterval">From one decode step to the next in the paced measurements.</param>
/// <param name="Requests">Requests under way at once where requests are counted.</param>
/// <param name="PromptTokens">Tokens of their prompts.</param>
/// <param name="Window">How long each measurement takes, after at least a third of it to warm up.</param>
internal sealed record ControlSetup(int Streams, TimeSpan StepInterval, int Requests, int PromptTokens, TimeSpan Window);
