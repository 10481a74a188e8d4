using Microsoft.Extensions.Options;

namespace OrleansServe.Grains.Options;

/// <summary>Lists every fault of <see cref="ExpertPlanOptions"/>.</summary>
internal sealed class ExpertPlanOptionsValidator : IValidateOptions<ExpertPlanOptions>
{
    public ValidateOptionsResult Validate(string? name, ExpertPlanOptions options)
    {
        List<string> faults = [];
        OptionRange.Check(faults, nameof(options.RebalancePeriod), options.RebalancePeriod, TimeSpan.Zero, TimeSpan.FromDays(1));
        OptionRange.Check(faults, nameof(options.LeastGain), options.LeastGain, 0, 10);
        OptionRange.Check(faults, nameof(options.MostMoved), options.MostMoved, 0, 1);
        OptionRange.Check(faults, nameof(options.RetireDelay), options.RetireDelay, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        OptionRange.Check(faults, nameof(options.StartPatience), options.StartPatience, TimeSpan.Zero, TimeSpan.FromHours(1));
        OptionRange.Check(faults, nameof(options.AskInterval), options.AskInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
