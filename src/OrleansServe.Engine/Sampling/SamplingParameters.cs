using System.Collections.Immutable;

namespace OrleansServe.Engine.Sampling;

/// <summary>
/// How a token is drawn from logits. Applied in this order: logit bias, repetition penalty, frequency and presence penalties, the tokens that must
/// not be drawn (stop tokens before the least length, ids beyond the limit), temperature, top-k, top-p over what top-k left, min-p against the
/// likeliest token. The drawn token is a pure function of the logits, these parameters, the tokens before it and its position. Log-probabilities
/// are those of the raw logits, whatever stands here.
/// </summary>
public sealed class SamplingParameters
{
    /// <summary>Greedy: the largest logit, ties by lowest id.</summary>
    public static SamplingParameters Greedy { get; } = new();

    /// <summary>Divides the logits; 0, and anything below 0.0001, stands for greedy.</summary>
    public float Temperature { get; init; }

    /// <summary>Keeps the smallest set of likeliest tokens whose probabilities reach this sum; 1 keeps all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Keeps this many likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Drops tokens less likely than this share of the likeliest one's probability; 0 drops none.</summary>
    public float MinP { get; init; }

    /// <summary>Key of the random numbers. Together with the position it decides every draw.</summary>
    public ulong Seed { get; init; }

    /// <summary>Tells several samples of one request apart: each draws its own numbers from the same seed.</summary>
    public uint SampleIndex { get; init; }

    /// <summary>
    /// Divides positive logits of tokens that occur in the prompt or the output, and multiplies the others; above 0, 1 changes nothing.
    /// </summary>
    /// <remarks>Keskar et al., "CTRL", 2019, §4.1.</remarks>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from a token's logit once for each time that the output has it.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from the logit of each token that the output has.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of single tokens, each named once.</summary>
    public ImmutableArray<LogitBias> LogitBias { get; init; } = [];

    /// <summary>While the output has fewer tokens, none of <see cref="StopTokens"/> is drawn.</summary>
    public int MinTokens { get; init; }

    /// <summary>Tokens that <see cref="MinTokens"/> holds back, each named once. They end nothing by themselves.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>
    /// Ids from this one on are never drawn: a model's logits may be wider than its tokenizer's vocabulary. 0 stands for the model's own limit.
    /// </summary>
    public int TokenLimit { get; init; }

    /// <summary>How many tokens at the beginning of the sequence are the prompt; what follows them is output.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Whether a draw depends on the tokens before it, so that <see cref="StepSequence.History"/> is needed.</summary>
    public bool CountsTokens => RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;

    /// <summary>Whether logits are changed at all before the temperature.</summary>
    internal bool Adjusts => CountsTokens || MinTokens > 0 || TokenLimit > 0 || LogitBias.Length > 0;

    /// <summary>Finds what is wrong with the values.</summary>
    /// <param name="vocabulary">upper bound (exclusive) of token ids</param>
    /// <returns>Field, limit and value of the first fault; null if there is none.</returns>
    public string? FindFault(int vocabulary) =>
        !(Temperature >= 0 && float.IsFinite(Temperature)) ? $"temperature is {Temperature}, must be finite and at least 0"
        : !(TopP > 0 && TopP <= 1) ? $"top_p is {TopP}, must be above 0 and at most 1"
        : TopK < 0 ? $"top_k is {TopK}, must be at least 0"
        : !(MinP >= 0 && MinP <= 1) ? $"min_p is {MinP}, must be between 0 and 1"
        : !(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty)) ? $"repetition_penalty is {RepetitionPenalty}, must be finite and above 0"
        : !float.IsFinite(FrequencyPenalty) ? $"frequency_penalty is {FrequencyPenalty}, must be finite"
        : !float.IsFinite(PresencePenalty) ? $"presence_penalty is {PresencePenalty}, must be finite"
        : PromptTokens < 0 ? $"prompt_tokens is {PromptTokens}, must be at least 0"
        : MinTokens < 0 ? $"min_tokens is {MinTokens}, must be at least 0"
        : TokenLimit < 0 || TokenLimit > vocabulary ? $"token_limit is {TokenLimit}, must be between 0 and {vocabulary}"
        : FindListFault(vocabulary);

    private string? FindListFault(int vocabulary)
    {
        if (LogitBias.IsDefault || StopTokens.IsDefault)
        {
            return "logit_bias and stop_tokens must be set";
        }

        foreach (var (token, bias) in LogitBias)
        {
            if ((uint)token >= (uint)vocabulary || !float.IsFinite(bias))
            {
                return $"logit_bias of token {token} is {bias}, must be finite and its token below {vocabulary}";
            }
        }

        foreach (var token in StopTokens)
        {
            if ((uint)token >= (uint)vocabulary)
            {
                return $"stop_tokens has {token}, must be below {vocabulary}";
            }
        }

        // Something must be left to draw.
        var limit = TokenLimit > 0 ? TokenLimit : vocabulary;
        return MinTokens > 0 && StopTokens.Length >= limit
            ? $"stop_tokens has {StopTokens.Length} tokens that min_tokens holds back, must be fewer than {limit}"
            : null;
    }
}
