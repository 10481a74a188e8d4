using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Sessions;

/// <summary>A prompt's log-probabilities as messages of bounded size.</summary>
internal static class PromptLogprobsParts
{
    /// <summary>Tokens of a message at most: with the most alternatives that is a quarter of a megabyte, where a client takes four.</summary>
    public const int MaxTokens = 1024;

    /// <summary>The messages, one after the other.</summary>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="scores">Their log-probabilities; null for no messages.</param>
    public static IEnumerable<PromptLogprobs> Of(ImmutableArray<int> prompt, PromptScores? scores)
    {
        for (int from = 0; from < (scores?.Logprobs.Length ?? 0); from += MaxTokens)
        {
            PromptLogprobs part = new() { FirstPosition = from + 1 };
            int end = Math.Min(from + MaxTokens, scores!.Logprobs.Length);
            for (int i = from; i < end; i++)
            {
                TokenLogprob entry = new() { TokenId = prompt[i + 1], Logprob = scores.Logprobs[i] };
                for (int j = i * scores.Top; j < (i + 1) * scores.Top; j++)
                {
                    entry.Top.Add(new TopLogprob { TokenId = scores.TopTokens[j], Logprob = scores.TopLogprobs[j] });
                }

                part.Tokens.Add(entry);
            }

            yield return part;
        }
    }
}
