using System.CommandLine;
using System.Globalization;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Commands;

/// <summary>How tokens are drawn and when an answer ends, as options of a command. The server checks the ranges: it knows its limits.</summary>
internal sealed class SamplingArguments
{
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "Tokens to produce at most (default: what the context has room for)", HelpName = "N" };
    private readonly Option<float?> _temperature;
    private readonly Option<float?> _topP = new("--top-p") { Description = "Draw from the smallest set of tokens with this probability", HelpName = "P" };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Draw from the K likeliest tokens", HelpName = "K" };
    private readonly Option<float?> _minP = new("--min-p") { Description = "Drop tokens below this share of the likeliest one's probability", HelpName = "P" };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Makes a drawn answer repeatable", HelpName = "N" };
    private readonly Option<string[]> _stop = new("--stop") { Description = "End the answer before this text; may be given several times", HelpName = "TEXT", Arity = ArgumentArity.OneOrMore };
    private readonly Option<float?> _repetitionPenalty = new("--repetition-penalty") { Description = "Divide the logits of tokens that prompt or answer have; 1 for none", HelpName = "P" };
    private readonly Option<float?> _frequencyPenalty = new("--frequency-penalty") { Description = "Make a token less likely each time that the answer has it", HelpName = "P" };
    private readonly Option<float?> _presencePenalty = new("--presence-penalty") { Description = "Make tokens less likely that the answer has", HelpName = "P" };
    private readonly Option<string[]> _logitBias = new("--logit-bias") { Description = "Add to a token's logit; may be given several times", HelpName = "ID=BIAS", Arity = ArgumentArity.OneOrMore };
    private readonly Option<int?> _minTokens = new("--min-tokens") { Description = "Draw no end token before the answer has so many tokens", HelpName = "N" };
    private readonly Option<int[]> _stopTokens = new("--stop-token") { Description = "End the answer at this token; may be given several times", HelpName = "ID", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "Go on after the model's end token" };
    private readonly float? _defaultTemperature;

    /// <summary>Adds the options to a command.</summary>
    public SamplingArguments(Command command, float? defaultTemperature)
    {
        _defaultTemperature = defaultTemperature;
        string fallback = defaultTemperature is { } value ? $"{value:0.0}" : "the server's, 1";
        _temperature = new Option<float?>("--temperature") { Description = $"0 always takes the likeliest token (default {fallback})", HelpName = "T" };
        command.Add(_maxTokens);
        command.Add(_temperature);
        command.Add(_topP);
        command.Add(_topK);
        command.Add(_minP);
        command.Add(_seed);
        command.Add(_stop);
        command.Add(_stopTokens);
        command.Add(_ignoreEos);
        command.Add(_minTokens);
        command.Add(_repetitionPenalty);
        command.Add(_frequencyPenalty);
        command.Add(_presencePenalty);
        command.Add(_logitBias);
        command.Validators.Add(result =>
        {
            foreach (string entry in result.GetValue(_logitBias) ?? [])
            {
                if (!TryReadBias(entry, out _, out _))
                {
                    result.AddError($"--logit-bias must be ID=BIAS, a token id and a number, not '{entry}'.");
                }
            }
        });
    }

    /// <summary>The sampling options; what was not given is left to the server.</summary>
    public SamplingOptions ReadSampling(ParseResult parsed)
    {
        SamplingOptions sampling = new();
        if (parsed.GetValue(_maxTokens) is { } maxTokens)
        {
            sampling.MaxTokens = maxTokens;
        }

        if ((parsed.GetValue(_temperature) ?? _defaultTemperature) is { } temperature)
        {
            sampling.Temperature = temperature;
        }

        if (parsed.GetValue(_topP) is { } topP)
        {
            sampling.TopP = topP;
        }

        if (parsed.GetValue(_topK) is { } topK)
        {
            sampling.TopK = topK;
        }

        if (parsed.GetValue(_minP) is { } minP)
        {
            sampling.MinP = minP;
        }

        if (parsed.GetValue(_seed) is { } seed)
        {
            sampling.Seed = seed;
        }

        if (parsed.GetValue(_minTokens) is { } minTokens)
        {
            sampling.MinTokens = minTokens;
        }

        ReadPenalties(parsed, sampling);

        return sampling;
    }

    /// <summary>The stop options.</summary>
    public StopOptions ReadStop(ParseResult parsed)
    {
        StopOptions stop = new();
        stop.Strings.AddRange(parsed.GetValue(_stop) ?? []);
        stop.TokenIds.AddRange(parsed.GetValue(_stopTokens) ?? []);
        stop.IgnoreEos = parsed.GetValue(_ignoreEos);
        return stop;
    }

    private void ReadPenalties(ParseResult parsed, SamplingOptions sampling)
    {
        if (parsed.GetValue(_repetitionPenalty) is { } repetition)
        {
            sampling.RepetitionPenalty = repetition;
        }

        if (parsed.GetValue(_frequencyPenalty) is { } frequency)
        {
            sampling.FrequencyPenalty = frequency;
        }

        if (parsed.GetValue(_presencePenalty) is { } presence)
        {
            sampling.PresencePenalty = presence;
        }

        foreach (string entry in parsed.GetValue(_logitBias) ?? [])
        {
            if (TryReadBias(entry, out int token, out float bias))
            {
                sampling.LogitBias[token] = bias;
            }
        }
    }

    private static bool TryReadBias(string entry, out int token, out float bias)
    {
        string[] parts = entry.Split('=');
        bias = 0;
        return int.TryParse(parts[0], NumberStyles.Integer, CultureInfo.InvariantCulture, out token)
            && parts.Length == 2
            && float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out bias);
    }
}
