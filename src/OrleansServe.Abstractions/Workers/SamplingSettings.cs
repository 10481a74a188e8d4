using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Workers;

/// <summary>How tokens are drawn. Validated by the gateway; see <c>SamplingOptions</c> in inference.proto for the ranges.</summary>
/// <param name="Temperature">0 is greedy.</param>
/// <param name="TopP">In (0, 1]; 1 keeps all.</param>
/// <param name="TopK">0 keeps all.</param>
/// <param name="MinP">In [0, 1]; 0 keeps all.</param>
/// <param name="Seed">With the position in the sequence the key of every random number.</param>
/// <param name="TopLogprobs">How many of the likeliest tokens to report at each position.</param>
[GenerateSerializer, Immutable, Alias("os.sampling")]
public sealed record SamplingSettings(
    [property: Id(0)] float Temperature,
    [property: Id(1)] float TopP,
    [property: Id(2)] int TopK,
    [property: Id(3)] float MinP,
    [property: Id(4)] ulong Seed,
    [property: Id(5)] int TopLogprobs)
{
    /// <summary>On the logits of tokens that prompt or output have; above 0, 1 changes nothing.</summary>
    [Id(6)]
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Off a token's logit for each time that the output has it.</summary>
    [Id(7)]
    public float FrequencyPenalty { get; init; }

    /// <summary>Off the logit of each token that the output has.</summary>
    [Id(8)]
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of single tokens, each named once.</summary>
    [Id(9)]
    public ImmutableArray<TokenBias> LogitBias { get; init; } = [];

    /// <summary>Before the output has so many tokens, none of <see cref="EndTokens"/> is drawn.</summary>
    [Id(10)]
    public int MinTokens { get; init; }

    /// <summary>Tokens that <see cref="MinTokens"/> holds back, each named once; empty where it is 0.</summary>
    [Id(11)]
    public ImmutableArray<int> EndTokens { get; init; } = [];

    /// <summary>Ids from this one on are never drawn; 0 stands for the model's own limit.</summary>
    [Id(12)]
    public int TokenLimit { get; init; }

    /// <summary>Tokens of the request's own prompt: what follows them is output, also where a resumed request is prefilled with it.</summary>
    [Id(13)]
    public int PromptTokens { get; init; }

    /// <summary>Which sample of its request comes first: a resumed one goes on alone, and draws as what it is.</summary>
    [Id(14)]
    public int FirstSample { get; init; }
}
