using System.CommandLine;
using System.CommandLine.Parsing;

using OrleansServe.Cli.Bench.Serving;
using OrleansServe.Cli.Bench.Serving.Files;
using OrleansServe.Cli.Bench.Serving.Workloads;

namespace OrleansServe.Cli.Commands;

/// <summary>What is sent, as options of a command: random tokens, the prompts of a file, or a trace.</summary>
internal sealed class WorkloadArguments
{
    private const int MostRequests = 1_000_000;
    private const int FewRequests = 100;
    private const int MostPrefixes = 100_000;

    private readonly Option<int?> _requests = new("--requests") { Description = $"How many (default {FewRequests}; with --prompts or --trace as many as the file has)", HelpName = "N" };
    private readonly Option<LengthDistribution> _input = Length("--input-length", "Tokens of a random prompt", "128");
    private readonly Option<LengthDistribution> _output = Length("--output-length", "Tokens of an answer", "64");
    private readonly Option<int> _prefixLength = LoadArguments.Integer("--prefix-length", "Tokens that random prompts share at their beginning", "N", 0, 0, LengthDistribution.Most);
    private readonly Option<int> _prefixes = LoadArguments.Integer("--prefixes", "How many such beginnings there are", "N", 1, 1, MostPrefixes);
    private readonly Option<string?> _prompts = new("--prompts") { Description = "File with a prompt a line; .jsonl: {\"prompt\": TEXT, \"output_tokens\": N} a line", HelpName = "FILE" };
    private readonly Option<string?> _trace = new("--trace") { Description = "Trace in Mooncake's format: {\"timestamp\", \"input_length\", \"output_length\", \"hash_ids\"} a line; may be .gz", HelpName = "FILE" };
    private readonly Option<double> _lengthScale = LoadArguments.Number("--length-scale", "Multiply the trace's lengths by this, for a model with a smaller context", "S", 1, 1e-6, 1);
    private readonly Option<double> _speedup = LoadArguments.Number("--speedup", "Divide the trace's times by this", "S", 1, 1e-3, 1e6);
    private readonly Option<bool> _skipTooLong = new("--skip-too-long") { Description = "Leave out requests that do not fit the model's context, instead of refusing to start" };

    /// <summary>Adds the options to a command.</summary>
    public WorkloadArguments(Command command, LoadArguments load)
    {
        _requests.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value and (< 1 or > MostRequests))
            {
                result.AddError($"--requests: must be from 1 to {MostRequests}, is {value}");
            }
        });
        foreach (Option option in (Option[])[_requests, _input, _output, _prefixLength, _prefixes, _prompts, _trace, _lengthScale, _speedup, _skipTooLong])
        {
            command.Add(option);
        }

        command.Validators.Add(result => CheckTogether(result, load));
    }

    /// <summary>Whether a trace is asked for.</summary>
    public bool IsTrace(ParseResult parsed) => parsed.GetValue(_trace) is not null;

    /// <summary>Whether requests that are too long are to be left out.</summary>
    public bool SkipTooLong(ParseResult parsed) => parsed.GetValue(_skipTooLong);

    /// <summary>Reads the files, and makes what is to be sent once the model is known.</summary>
    public Func<Protocol.V1.Model, Workload> Read(ParseResult parsed, LoadSetup setup)
    {
        LengthDistribution output = parsed.GetValue(_output)!;
        int? requests = parsed.GetValue(_requests);
        if (parsed.GetValue(_trace) is { } tracePath)
        {
            TraceWorkload trace = new(Path.GetFileName(tracePath), TraceFile.Read(tracePath, requests), parsed.GetValue(_lengthScale), parsed.GetValue(_speedup));
            return model => Fit(trace.Description, trace.Plan(model.VocabularySize, setup.Rate is null ? null : setup.Arrivals(), setup.Seed), model);
        }

        if (parsed.GetValue(_prompts) is { } promptPath)
        {
            IReadOnlyList<FilePrompt> prompts = PromptFile.Read(promptPath);
            FileWorkload file = new(Path.GetFileName(promptPath), prompts, requests ?? prompts.Count, output);
            return model => Fit(file.Description, file.Plan(setup.Arrivals(), setup.Seed), model);
        }

        RandomWorkload random = new(requests ?? FewRequests, parsed.GetValue(_input)!, output, parsed.GetValue(_prefixLength), parsed.GetValue(_prefixes));
        return model => Fit(random.Description, random.Plan(model.VocabularySize, setup.Arrivals(), setup.Seed), model);

        Workload Fit(string description, IReadOnlyList<PlannedRequest> planned, Protocol.V1.Model model) => Workload.Fit(description, planned, model.ContextLength, setup.SkipTooLong);
    }

    private void CheckTogether(CommandResult result, LoadArguments load)
    {
        bool trace = Given(_trace);
        bool prompts = Given(_prompts);
        Refuse(trace && prompts, "--trace and --prompts exclude each other");
        Refuse((trace || prompts) && (Given(_input) || Given(_prefixLength) || Given(_prefixes)), "--input-length, --prefix-length and --prefixes are for random prompts: not with --trace or --prompts");
        Refuse(trace && Given(_output), "--output-length: the trace says how long answers are");
        Refuse(!trace && (Given(_lengthScale) || Given(_speedup)), "--length-scale and --speedup need --trace");
        Refuse(trace && Given(_speedup) && load.HasRate(result), "--speedup and --rate exclude each other");
        Refuse(!prompts && load.IsChat(result), "--chat needs --prompts: random tokens are no message");

        bool Given(Option option) => result.GetResult(option) is { Implicit: false };

        void Refuse(bool wrong, string why)
        {
            if (wrong)
            {
                result.AddError(why);
            }
        }
    }

    private static Option<LengthDistribution> Length(string name, string description, string fallback) => new(name)
    {
        Description = $"{description}: N, LOW-HIGH (each as likely) or lognormal:MEDIAN:SIGMA (default {fallback})",
        HelpName = "LENGTH",
        DefaultValueFactory = _ => LengthDistribution.Parse(fallback),
        CustomParser = result =>
        {
            try
            {
                return LengthDistribution.Parse(result.Tokens.Count == 1 ? result.Tokens[0].Value : "");
            }
            catch (FormatException exception)
            {
                result.AddError($"{name}: {exception.Message}");
                return null;
            }
        },
    };
}
