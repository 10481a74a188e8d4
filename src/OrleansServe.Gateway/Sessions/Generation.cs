using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Validation;

namespace OrleansServe.Gateway.Sessions;

/// <summary>A request that has passed validation.</summary>
/// <param name="RequestId">Names it in logs and messages, and to the cluster.</param>
/// <param name="Prompt">Token ids, at least one.</param>
/// <param name="MaxTokens">Tokens to produce at most for each sample, at least one.</param>
/// <param name="Sampling">How they are drawn.</param>
/// <param name="Stop">What ends the answer before.</param>
/// <param name="Logprobs">Whether the client wants log-probabilities.</param>
/// <param name="Chat">Whether the output is an answer to a conversation, with reasoning apart.</param>
/// <param name="Thinking">Whether the prompt ends within the reasoning.</param>
internal sealed record Generation(
    Guid RequestId,
    ImmutableArray<int> Prompt,
    int MaxTokens,
    SamplingSettings Sampling,
    StopConditions Stop,
    bool Logprobs,
    bool Chat,
    bool Thinking)
{
    /// <summary>Answers wanted, at least one.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>How many of the likeliest tokens to report beside each prompt token's log-probability; null where none are wanted.</summary>
    public int? PromptTopLogprobs { get; init; }

    /// <summary>Whose it is and how urgent.</summary>
    public SchedulingSettings Scheduling { get; init; } = SchedulingSettings.Default;
}
