using System.CommandLine;

using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Cli.Commands;

/// <summary><c>--weights</c> and <c>--expert-rows</c>: the numbers in which a model is computed.</summary>
internal static class WeightsArgument
{
    /// <summary>Builds the option for the matrices.</summary>
    public static Option<string> Create() => Create("--weights", WeightFormats.Help, WeightFormats.Native, text => WeightFormats.Parse(text));

    /// <summary>Builds the option for rows that go to experts.</summary>
    public static Option<string> CreateRows() => Create("--expert-rows", ExpertRowFormats.Help, ExpertRowFormats.Exact, text => ExpertRowFormats.Parse(text));

    private static Option<string> Create(string name, string help, string fallback, Action<string> parse)
    {
        Option<string> option = new(name) { Description = help, HelpName = "FORMAT", DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            try
            {
                parse(result.GetValueOrDefault<string>() ?? "");
            }
            catch (FormatException exception)
            {
                result.AddError($"{name} {exception.Message}");
            }
        });
        return option;
    }
}
