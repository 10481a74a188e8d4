using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Gateway.Sessions;

/// <summary>A computed prompt: who computed it, who will go on, and the first token.</summary>
/// <param name="Admission">The workers.</param>
/// <param name="Ticket">The room that the decode worker holds; null where the first token is the only one.</param>
/// <param name="First">The first token.</param>
/// <param name="CachedTokens">Prompt tokens that came from the prefix cache.</param>
/// <param name="Queued">Time spent waiting: for admission, over all attempts, and in the prefill worker's queue.</param>
/// <param name="PromptScores">The prompt's log-probabilities, where asked for.</param>
internal sealed record Placement(
    Admission Admission,
    KvTicket? Ticket,
    TokenSample First,
    int CachedTokens,
    TimeSpan Queued,
    PromptScores? PromptScores);
