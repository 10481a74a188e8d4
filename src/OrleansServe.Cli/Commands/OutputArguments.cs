using System.CommandLine;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Commands;

/// <summary>What <c>generate</c> reports beside text, and how many answers it asks for.</summary>
internal sealed class OutputArguments
{
    private readonly Option<int?> _samples = new("--n") { Description = "Answers to the one prompt (default 1)", HelpName = "N" };
    private readonly Option<int?> _logprobs = new("--logprobs") { Description = "Report each token's log-probability and those of the K likeliest; needs --json", HelpName = "K" };
    private readonly Option<int?> _promptLogprobs = new("--prompt-logprobs") { Description = "The same of the prompt's tokens; needs --json", HelpName = "K" };

    /// <summary>Adds the options to a command.</summary>
    public OutputArguments(Command command, Option<bool> json)
    {
        command.Add(_samples);
        command.Add(_logprobs);
        command.Add(_promptLogprobs);
        command.Validators.Add(result =>
        {
            foreach (Option<int?> option in (Option<int?>[])[_logprobs, _promptLogprobs])
            {
                if (result.GetValue(option) is not null && !result.GetValue(json))
                {
                    result.AddError($"{option.Name} needs --json: text has no room for numbers.");
                }
            }
        });
    }

    /// <summary>Adds the number of answers, where it was given.</summary>
    public void ReadInto(SamplingOptions sampling, ParseResult parsed)
    {
        if (parsed.GetValue(_samples) is { } samples)
        {
            sampling.N = samples;
        }
    }

    /// <summary>What to report.</summary>
    public OutputOptions Read(ParseResult parsed) => new()
    {
        Logprobs = parsed.GetValue(_logprobs) is not null,
        TopLogprobs = parsed.GetValue(_logprobs) ?? 0,
        PromptLogprobs = parsed.GetValue(_promptLogprobs) is not null,
        PromptTopLogprobs = parsed.GetValue(_promptLogprobs) ?? 0,
    };
}
