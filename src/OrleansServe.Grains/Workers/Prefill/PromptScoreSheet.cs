using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;

namespace OrleansServe.Grains.Workers.Prefill;

/// <summary>The log-probabilities of a prompt as chunk after chunk brings them.</summary>
/// <param name="promptTokens">Length of the prompt; its first token has none.</param>
/// <param name="top">How many of the likeliest tokens are kept at each position.</param>
internal sealed class PromptScoreSheet(int promptTokens, int top)
{
    private readonly List<float> _logprobs = new(promptTokens - 1);
    private readonly List<int> _topTokens = [];
    private readonly List<float> _topLogprobs = [];

    /// <summary>How many of the likeliest tokens are kept at each position.</summary>
    public int Top { get; } = top;

    /// <summary>Takes in what a step has scored.</summary>
    /// <param name="result">The step's.</param>
    /// <param name="index">Index of the prompt's sequence.</param>
    /// <param name="known">How many of the step's rows were computed before: what follows them has been scored.</param>
    /// <returns>What was wrong with the numbers; null if nothing was.</returns>
    public string? Add(StepResult result, int index, int known)
    {
        for (int row = known; row < result.ScoredCount(index); row++)
        {
            ref readonly SampledToken score = ref result.Score(index, row);
            if (score.Error is { } error)
            {
                return error;
            }

            _logprobs.Add(score.Logprob);
            _topTokens.AddRange(score.TopTokens.Span);
            _topLogprobs.AddRange(score.TopLogprobs.Span);
        }

        return null;
    }

    /// <summary>All of it, once every token has been scored.</summary>
    public PromptScores Complete() =>
        new([.. _logprobs], _logprobs.Count > 0 ? _topTokens.Count / _logprobs.Count : 0, [.. _topTokens], [.. _topLogprobs]);
}
