using System.Collections.Immutable;
using Google.Protobuf.Collections;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Validation;

/// <summary>What <c>SamplingOptions</c> may say.</summary>
internal static class SamplingRules
{
    /// <summary>Highest temperature; above it an answer is noise.</summary>
    public const float MaxTemperature = 2;

    /// <summary>Largest repetition penalty.</summary>
    public const float MaxRepetitionPenalty = 10;

    /// <summary>Largest frequency and presence penalty; its negative is the smallest.</summary>
    public const float MaxPenalty = 2;

    /// <summary>Most biased tokens of a request.</summary>
    public const int MaxBiases = 1024;

    /// <summary>Largest bias; its negative is the smallest.</summary>
    public const float MaxBias = 100;

    /// <summary>Reads the settings, with the documented defaults for what is absent.</summary>
    /// <param name="sampling">May be null: all defaults.</param>
    /// <param name="output">May be null: no log-probabilities.</param>
    /// <param name="vocabulary">Token ids run from 0 to this, exclusive.</param>
    /// <param name="seeds">Gives the seed where the request has none.</param>
    /// <exception cref="RequestRejectedException">A field is out of its range.</exception>
    public static SamplingSettings Read(SamplingOptions? sampling, OutputOptions? output, int vocabulary, SeedSource seeds)
    {
        float temperature = sampling is { HasTemperature: true } ? sampling.Temperature : 1;
        float topP = sampling is { HasTopP: true } ? sampling.TopP : 1;
        int topK = sampling is { HasTopK: true } ? sampling.TopK : 0;
        float minP = sampling is { HasMinP: true } ? sampling.MinP : 0;

        // NaN fails every comparison, so each range is written as what must hold.
        Require(temperature is >= 0 and <= MaxTemperature, "sampling.temperature", $"in [0, {MaxTemperature}]", temperature);
        Require(topP is > 0 and <= 1, "sampling.top_p", "in (0, 1]", topP);
        Require(minP is >= 0 and <= 1, "sampling.min_p", "in [0, 1]", minP);
        if (topK < 0)
        {
            throw RequestRejectedException.Invalid("sampling.top_k", "0 for all tokens or at least 1", $"{topK}");
        }

        float repetition = sampling is { HasRepetitionPenalty: true } ? sampling.RepetitionPenalty : 1;
        float frequency = sampling is { HasFrequencyPenalty: true } ? sampling.FrequencyPenalty : 0;
        float presence = sampling is { HasPresencePenalty: true } ? sampling.PresencePenalty : 0;
        Require(repetition is > 0 and <= MaxRepetitionPenalty, "sampling.repetition_penalty", $"in (0, {MaxRepetitionPenalty}]", repetition);
        Require(frequency is >= -MaxPenalty and <= MaxPenalty, "sampling.frequency_penalty", $"in [{-MaxPenalty}, {MaxPenalty}]", frequency);
        Require(presence is >= -MaxPenalty and <= MaxPenalty, "sampling.presence_penalty", $"in [{-MaxPenalty}, {MaxPenalty}]", presence);

        ulong seed = sampling is { HasSeed: true } ? sampling.Seed : seeds.Next();
        return new SamplingSettings(temperature, topP, topK, minP, seed, OutputRules.ReadTopLogprobs(output))
        {
            RepetitionPenalty = repetition,
            FrequencyPenalty = frequency,
            PresencePenalty = presence,
            LogitBias = sampling is null ? [] : ReadBias(sampling.LogitBias, vocabulary),
        };
    }

    /// <summary>How many answers are wanted.</summary>
    /// <param name="sampling">May be null: one.</param>
    /// <exception cref="RequestRejectedException">n is out of range.</exception>
    public static int ReadSamples(SamplingOptions? sampling)
    {
        int samples = sampling is { HasN: true } ? sampling.N : 1;
        return samples is >= 1 and <= SampleId.MaxSamples
            ? samples
            : throw RequestRejectedException.Invalid("sampling.n", $"in [1, {SampleId.MaxSamples}]", $"{samples}");
    }

    /// <summary>How many tokens an answer has before anything but a stop string may end it.</summary>
    /// <param name="sampling">May be null: 0.</param>
    /// <param name="maxTokens">Tokens that it may have.</param>
    /// <param name="endTokens">How many tokens are barred until then.</param>
    /// <param name="tokenLimit">How many tokens there are to choose from.</param>
    /// <exception cref="RequestRejectedException">min_tokens is not in [0, max_tokens], or every token would be barred.</exception>
    public static int ReadMinTokens(SamplingOptions? sampling, int maxTokens, int endTokens, int tokenLimit)
    {
        int minTokens = sampling is { HasMinTokens: true } ? sampling.MinTokens : 0;
        if (minTokens < 0 || minTokens > maxTokens)
        {
            throw RequestRejectedException.Invalid("sampling.min_tokens", $"in [0, {maxTokens}], the tokens that the answer may have", $"{minTokens}");
        }

        return minTokens == 0 || endTokens < tokenLimit
            ? minTokens
            : throw RequestRejectedException.Invalid(
                "sampling.min_tokens", $"0 where all of the vocabulary's {tokenLimit} tokens end the answer", $"{minTokens}");
    }

    /// <summary>How many tokens the answer may have.</summary>
    /// <param name="sampling">May be null: all that the context has room for.</param>
    /// <param name="promptTokens">Length of the prompt; smaller than <paramref name="contextLength"/>.</param>
    /// <param name="contextLength">Longest prompt and answer together.</param>
    /// <exception cref="RequestRejectedException">max_tokens is not in [1, room].</exception>
    public static int ReadMaxTokens(SamplingOptions? sampling, int promptTokens, int contextLength)
    {
        int room = contextLength - promptTokens;
        if (sampling is not { HasMaxTokens: true })
        {
            return room;
        }

        return sampling.MaxTokens >= 1 && sampling.MaxTokens <= room
            ? sampling.MaxTokens
            : throw RequestRejectedException.Invalid(
                "sampling.max_tokens",
                $"in [1, {room}], the room that {promptTokens} prompt tokens leave of the context of {contextLength}",
                $"{sampling.MaxTokens}");
    }

    private static ImmutableArray<TokenBias> ReadBias(MapField<int, float> biases, int vocabulary)
    {
        if (biases.Count > MaxBiases)
        {
            throw RequestRejectedException.Invalid("sampling.logit_bias", $"at most {MaxBiases} tokens", $"{biases.Count}");
        }

        foreach ((int token, float bias) in biases)
        {
            if (token < 0 || token >= vocabulary)
            {
                throw RequestRejectedException.Invalid("sampling.logit_bias", $"of tokens in [0, {vocabulary}), the vocabulary", $"{token}");
            }

            Require(bias is >= -MaxBias and <= MaxBias, $"sampling.logit_bias[{token}]", $"in [{-MaxBias}, {MaxBias}]", bias);
        }

        // A map has no order of its own.
        return biases.Count == 0 ? [] : [.. biases.OrderBy(entry => entry.Key).Select(entry => new TokenBias(entry.Key, entry.Value))];
    }

    private static void Require(bool holds, string field, string range, float value)
    {
        if (!holds)
        {
            throw RequestRejectedException.Invalid(field, range, $"{value}");
        }
    }
}
