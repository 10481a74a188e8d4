using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Workers;

/// <summary>Log-probabilities of a prompt's tokens after its first, each given those before it.</summary>
/// <param name="Logprobs">[prompt tokens − 1] natural logarithms of their probabilities under the raw logits.</param>
/// <param name="Top">How many of the likeliest tokens are reported at each position.</param>
/// <param name="TopTokens">[prompt tokens − 1, top] those tokens, best first.</param>
/// <param name="TopLogprobs">[prompt tokens − 1, top] their log-probabilities.</param>
[GenerateSerializer, Immutable, Alias("os.prompt-scores")]
public sealed record PromptScores(
    [property: Id(0)] ImmutableArray<float> Logprobs,
    [property: Id(1)] int Top,
    [property: Id(2)] ImmutableArray<int> TopTokens,
    [property: Id(3)] ImmutableArray<float> TopLogprobs);
