using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Validation;

/// <summary>What <c>OutputOptions</c> may say.</summary>
internal static class OutputRules
{
    /// <summary>Most of the likeliest tokens reported at a position.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>How many of the likeliest tokens to report at each position of the answer.</summary>
    /// <param name="output">May be null: none.</param>
    /// <exception cref="RequestRejectedException">top_logprobs is out of range, or logprobs is not set.</exception>
    public static int ReadTopLogprobs(OutputOptions? output) =>
        ReadTop("output.top_logprobs", output?.TopLogprobs ?? 0, "output.logprobs", output?.Logprobs ?? false);

    /// <summary>How many of the likeliest tokens to report at each position of the prompt; null where no log-probabilities of it are wanted.</summary>
    /// <param name="output">May be null: none.</param>
    /// <exception cref="RequestRejectedException">prompt_top_logprobs is out of range, or prompt_logprobs is not set.</exception>
    public static int? ReadPromptTopLogprobs(OutputOptions? output)
    {
        bool wanted = output?.PromptLogprobs ?? false;
        int top = ReadTop("output.prompt_top_logprobs", output?.PromptTopLogprobs ?? 0, "output.prompt_logprobs", wanted);
        return wanted ? top : null;
    }

    /// <summary>Refuses more log-probabilities of a prompt than a gateway gives.</summary>
    /// <param name="top">How many at each position beside the token's own; null for none at all.</param>
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="limit">Most of them.</param>
    /// <exception cref="RequestRejectedException">There would be more.</exception>
    public static void RequirePromptLogprobs(int? top, int promptTokens, int limit)
    {
        long entries = (long)promptTokens * (1 + (top ?? 0));
        if (top is not null && entries > limit)
        {
            throw RequestRejectedException.Invalid(
                "output.prompt_logprobs",
                $"for at most {limit} log-probabilities, prompt tokens times (1 + prompt_top_logprobs)",
                $"{promptTokens} times {1 + top}, which is {entries}");
        }
    }

    private static int ReadTop(string field, int top, string switchField, bool switched)
    {
        if (top is < 0 or > MaxTopLogprobs)
        {
            throw RequestRejectedException.Invalid(field, $"in [0, {MaxTopLogprobs}]", $"{top}");
        }

        return top == 0 || switched ? top : throw RequestRejectedException.Invalid(field, $"0 unless {switchField} is set", $"{top}");
    }
}
