using Microsoft.Extensions.Options;

namespace OrleansServe.Grains.Options;

/// <summary>Lists every fault of <see cref="ServiceOptions"/>.</summary>
internal sealed class ServiceOptionsValidator : IValidateOptions<ServiceOptions>
{
    public ValidateOptionsResult Validate(string? name, ServiceOptions options)
    {
        List<string> faults = [];
        Check(nameof(options.Interactive), options.Interactive);
        Check(nameof(options.Standard), options.Standard);
        Check(nameof(options.Batch), options.Batch);
        if (!(options.Overcommit >= 0 && options.Overcommit <= 1))
        {
            faults.Add($"{nameof(options.Overcommit)} must be in 0..1, not {options.Overcommit}.");
        }

        OptionRange.Check(faults, nameof(options.PromptFloor), options.PromptFloor, 1, 1 << 16);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Check(string serviceClass, ServiceClassOptions target)
        {
            OptionRange.Check(faults, $"{serviceClass}.{nameof(target.FirstToken)}", target.FirstToken, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
            OptionRange.Check(faults, $"{serviceClass}.{nameof(target.BetweenTokens)}", target.BetweenTokens, TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1));
        }
    }
}
