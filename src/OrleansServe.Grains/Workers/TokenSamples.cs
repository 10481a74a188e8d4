using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Engine.Sampling;

namespace OrleansServe.Grains.Workers;

/// <summary>Messages to and from the engine's types.</summary>
internal static class TokenSamples
{
    public static SamplingParameters ToEngine(SamplingSettings settings, int sample = 0) => new()
    {
        Temperature = settings.Temperature,
        TopP = settings.TopP,
        TopK = settings.TopK,
        MinP = settings.MinP,
        Seed = settings.Seed,
        SampleIndex = (uint)(settings.FirstSample + sample),
        RepetitionPenalty = settings.RepetitionPenalty,
        FrequencyPenalty = settings.FrequencyPenalty,
        PresencePenalty = settings.PresencePenalty,
        LogitBias = settings.LogitBias.IsDefaultOrEmpty ? [] : [.. settings.LogitBias.Select(bias => new LogitBias(bias.Token, bias.Bias))],
        MinTokens = settings.MinTokens,
        StopTokens = settings.EndTokens.IsDefault ? [] : settings.EndTokens,
        TokenLimit = settings.TokenLimit,
        PromptTokens = settings.PromptTokens,
    };

    /// <summary>Why an engine cannot draw like this; null if it can. What it would refuse in a step would take the whole batch down.</summary>
    public static string? FindFault(SamplingSettings settings, EngineInfo engine) =>
        settings.FirstSample is < 0 or >= SampleId.MaxSamples
            ? $"first_sample is {settings.FirstSample}, must be between 0 and {SampleId.MaxSamples - 1}"
            : ToEngine(settings).FindFault(engine.VocabularySize) ?? (settings.TopLogprobs < 0 || settings.TopLogprobs > engine.MaxTopLogprobs
            ? $"top_logprobs is {settings.TopLogprobs}, must be between 0 and {engine.MaxTopLogprobs}"
            : null);

    public static TokenSample From(in SampledToken token) =>
        new(token.Token, token.Logprob, [.. token.TopTokens.Span], [.. token.TopLogprobs.Span]);
}
