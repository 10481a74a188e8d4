namespace OrleansServe.Abstractions.Scheduling;

/// <summary>What one service class has asked of a scheduler.</summary>
/// <param name="Priority">The class.</param>
/// <param name="PromptTokens">Prompt tokens of the requests that came since counting began, refused ones included.</param>
/// <param name="OutputTokens">Tokens that these may produce at most, over all samples.</param>
/// <param name="QueuedPromptTokens">Prompt tokens of requests that wait now.</param>
/// <param name="QueuedOutputTokens">Tokens that these may produce at most.</param>
/// <param name="OldestWait">How long the first of them has waited; zero if none waits.</param>
[GenerateSerializer, Immutable, Alias("os.class-demand")]
public readonly record struct ClassDemand(
    [property: Id(0)] ServicePriority Priority,
    [property: Id(1)] long PromptTokens,
    [property: Id(2)] long OutputTokens,
    [property: Id(3)] long QueuedPromptTokens,
    [property: Id(4)] long QueuedOutputTokens,
    [property: Id(5)] TimeSpan OldestWait);
