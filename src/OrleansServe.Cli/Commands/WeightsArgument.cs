using System.CommandLine;

using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Cli.Commands;

/// <summary><c>--weights</c>: the numbers in which a model's matrices are kept.</summary>
internal static class WeightsArgument
{
    /// <summary>Builds the option.</summary>
    public static Option<string> Create()
    {
        Option<string> option = new("--weights") { Description = WeightFormats.Help, HelpName = "FORMAT", DefaultValueFactory = _ => WeightFormats.Native };
        option.Validators.Add(result =>
        {
            try
            {
                _ = WeightFormats.Parse(result.GetValueOrDefault<string>() ?? "");
            }
            catch (FormatException exception)
            {
                result.AddError($"--weights {exception.Message}");
            }
        });
        return option;
    }
}
