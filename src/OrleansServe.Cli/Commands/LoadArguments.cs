using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

using OrleansServe.Cli.Bench.Serving;
using OrleansServe.Cli.Bench.Serving.Results;
using OrleansServe.Cli.Bench.Serving.Running;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Commands;

/// <summary>How requests come and what they must keep, as options of a command.</summary>
internal sealed class LoadArguments
{
    private const int MostConcurrency = 65_536;
    private const int MostWarmup = 10_000;
    private const double MostRate = 1e6;
    private static readonly TimeSpan MostDuration = TimeSpan.FromDays(1);

    private readonly Option<double?> _rate = new("--rate")
    {
        Description = "Requests a second, sent whether or not earlier ones have been answered; inf for all at once (default inf; with --trace the trace's times)",
        HelpName = "R|inf",
        CustomParser = result => ReadRate(result),
    };

    private readonly Option<double> _burstiness = Number("--burstiness", "1 for Poisson arrivals; less for bursts, more for even gaps", "B", 1, 0.01, 1000);
    private readonly Option<int> _maxConcurrency = Integer("--max-concurrency", "Requests under way at most; more wait, which the send delay shows", "N", 4096, 1, MostConcurrency);
    private readonly Option<ulong> _seed = new("--seed") { Description = "Everything drawn is a function of it: the same run sends the same requests (default 0)", HelpName = "N" };
    private readonly Option<int> _warmup = Integer("--warmup", "Short requests sent before those measured", "N", 0, 0, MostWarmup);
    private readonly Option<TimeSpan?> _timeout = Duration("--timeout", "Give a request up after this (default 600s)");
    private readonly Option<bool> _chat = new("--chat") { Description = "Send each prompt of --prompts as a user's message" };
    private readonly Option<double> _temperature = Number("--temperature", "0 always takes the likeliest token", "T", 0, 0, 2);
    private readonly Option<bool> _stopAtEos = new("--stop-at-eos") { Description = "Let the model end its answers; otherwise each has its full length" };
    private readonly Option<TimeSpan?> _ttft = Duration("--ttft-target", "A good request has its first token within this: 200ms, 1.5s");
    private readonly Option<TimeSpan?> _itl = Duration("--itl-target", "The 99th percentile of a good request's gaps between tokens is within this");
    private readonly Option<TimeSpan?> _tpot = Duration("--tpot-target", "A good request's mean time of a token after the first is within this");
    private readonly Option<TimeSpan?> _e2e = Duration("--e2e-target", "A good request has ended within this");

    /// <summary>Adds the options to a command.</summary>
    public LoadArguments(Command command)
    {
        foreach (Option option in (Option[])[_rate, _burstiness, _maxConcurrency, _seed, _warmup, _timeout, _chat, _temperature, _stopAtEos, _ttft, _itl, _tpot, _e2e])
        {
            command.Add(option);
        }
    }

    /// <summary>Whether a rate was given.</summary>
    public bool HasRate(CommandResult result) => result.GetResult(_rate) is { Implicit: false };

    /// <summary>Whether prompts are to be sent as messages.</summary>
    public bool IsChat(CommandResult result) => result.GetValue(_chat);

    /// <summary>How requests come.</summary>
    public LoadSetup ReadSetup(ParseResult parsed, string model, SchedulingOptions scheduling, bool trace, bool skipTooLong)
    {
        ulong seed = parsed.GetValue(_seed);
        return new LoadSetup(
            parsed.GetValue(_rate) ?? (trace ? null : double.PositiveInfinity),
            parsed.GetValue(_burstiness),
            seed,
            parsed.GetValue(_warmup),
            skipTooLong,
            new LoadOptions
            {
                Model = model,
                Scheduling = scheduling,
                MaxConcurrency = parsed.GetValue(_maxConcurrency),
                Timeout = parsed.GetValue(_timeout) ?? TimeSpan.FromMinutes(10),
                Chat = parsed.GetValue(_chat),
                Temperature = (float)parsed.GetValue(_temperature),
                StopAtEos = parsed.GetValue(_stopAtEos),
                Seed = seed,
            });
    }

    /// <summary>What good requests keep.</summary>
    public LatencyTargets ReadTargets(ParseResult parsed) => new(parsed.GetValue(_ttft), parsed.GetValue(_itl), parsed.GetValue(_tpot), parsed.GetValue(_e2e));

    /// <summary>An option with a whole number in a range.</summary>
    public static Option<int> Integer(string name, string description, string value, int fallback, int least, int most)
    {
        Option<int> option = new(name) { Description = $"{description} (default {fallback})", HelpName = value, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result => Check(result, result.GetValueOrDefault<int>(), least, most));
        return option;
    }

    /// <summary>An option with a number in a range.</summary>
    public static Option<double> Number(string name, string description, string value, double fallback, double least, double most)
    {
        Option<double> option = new(name) { Description = string.Create(CultureInfo.InvariantCulture, $"{description} (default {fallback})"), HelpName = value, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result => Check(result, result.GetValueOrDefault<double>(), least, most));
        return option;
    }

    private static void Check(OptionResult result, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{result.Option.Name}: must be from {least} to {most}, is {value}"));
        }
    }

    private static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => ReadDuration(result, name),
    };

    private static TimeSpan? ReadDuration(ArgumentResult result, string name)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        (string number, double unit) = text.EndsWith("ms", StringComparison.Ordinal) ? (text[..^2], 1e-3)
            : text.EndsWith('s') ? (text[..^1], 1)
            : ("", 0);
        if (double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * unit is var seconds && seconds > 0 && seconds <= MostDuration.TotalSeconds)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        result.AddError($"{name}: must be a time above 0 and at most {MostDuration.TotalSeconds:0}s with its unit, as 200ms or 1.5s; is '{text}'");
        return null;
    }

    private static double? ReadRate(ArgumentResult result)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (text == "inf")
        {
            return double.PositiveInfinity;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate) && rate is > 0 and <= MostRate)
        {
            return rate;
        }

        result.AddError(string.Create(CultureInfo.InvariantCulture, $"--rate: must be inf, or above 0 and at most {MostRate}, is '{text}'"));
        return null;
    }
}
