using Microsoft.Extensions.Options;

namespace OrleansServe.Grains.Options;

/// <summary>Lists every fault of <see cref="SchedulerOptions"/>.</summary>
internal sealed class SchedulerOptionsValidator : IValidateOptions<SchedulerOptions>
{
    public ValidateOptionsResult Validate(string? name, SchedulerOptions options)
    {
        List<string> faults = [];
        OptionRange.Check(faults, nameof(options.MaxQueuedRequests), options.MaxQueuedRequests, 0, 1 << 20);
        OptionRange.Check(faults, nameof(options.MaxQueueTime), options.MaxQueueTime, TimeSpan.Zero, TimeSpan.FromSeconds(100));
        OptionRange.Check(faults, nameof(options.RetryAfter), options.RetryAfter, TimeSpan.Zero, TimeSpan.FromHours(1));
        OptionRange.Check(faults, nameof(options.MaxQueuedTokens), options.MaxQueuedTokens, 1, long.MaxValue);
        OptionRange.Check(faults, nameof(options.MaxRequestsPerDecodeWorker), options.MaxRequestsPerDecodeWorker, 1, 1 << 20);
        OptionRange.Check(faults, nameof(options.SettleTime), options.SettleTime, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        OptionRange.Check(faults, nameof(options.WorkerTimeout), options.WorkerTimeout, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(5));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
