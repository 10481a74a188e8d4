namespace OrleansServe.Abstractions.Workers;

/// <summary>The first token, or why there is none.</summary>
/// <param name="FirstToken">The token sampled after the prompt; null if refused or failed.</param>
/// <param name="CachedTokens">Prompt tokens that came from the prefix cache.</param>
/// <param name="QueueTime">From the call to the first chunk's step.</param>
/// <param name="Error">What went wrong; null with a token.</param>
/// <param name="Retryable">Whether another worker may succeed.</param>
[GenerateSerializer, Immutable, Alias("os.prefill-result")]
public sealed record PrefillResult(
    [property: Id(0)] TokenSample? FirstToken,
    [property: Id(1)] int CachedTokens,
    [property: Id(2)] TimeSpan QueueTime,
    [property: Id(3)] string? Error,
    [property: Id(4)] bool Retryable)
{
    /// <summary>The prompt's log-probabilities, where asked for.</summary>
    [Id(5)]
    public PromptScores? PromptScores { get; init; }

    /// <summary>The worker is well and would serve the request, but has no room for it now.</summary>
    [Id(6)]
    public bool NoRoom { get; init; }

    /// <summary>The worker has ended or is about to, or was never there: it is not too busy for the request but lost to all.</summary>
    [Id(7)]
    public bool Ended { get; init; }

    /// <summary>The prompt needs more than the worker has even when it is idle; a larger worker may compute it.</summary>
    [Id(8)]
    public bool TooLarge { get; init; }
}
