using Microsoft.Extensions.Options;

namespace OrleansServe.Gateway.Options;

/// <summary>Refuses options that cannot work, naming every fault.</summary>
internal sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        List<string> faults = [];
        Range(faults, nameof(GatewayOptions.MaxConcurrentRequests), options.MaxConcurrentRequests, 1, 65_536);
        Range(faults, nameof(GatewayOptions.MaxRequestBytes), options.MaxRequestBytes, 1024, 32 * 1024 * 1024);
        Range(faults, nameof(GatewayOptions.MaxMessages), options.MaxMessages, 1, 65_536);
        Range(faults, nameof(GatewayOptions.MaxPromptLogprobs), options.MaxPromptLogprobs, 1, 1024 * 1024);
        Range(faults, nameof(GatewayOptions.MaxRetries), options.MaxRetries, 0, 16);
        Range(faults, nameof(GatewayOptions.MaxResumes), options.MaxResumes, 0, 64);
        Positive(faults, nameof(GatewayOptions.ResumeTimeout), options.ResumeTimeout);
        Positive(faults, nameof(GatewayOptions.AdmissionTimeout), options.AdmissionTimeout);
        Positive(faults, nameof(GatewayOptions.DecodeCallTimeout), options.DecodeCallTimeout);
        Positive(faults, nameof(GatewayOptions.PrefillTimeout), options.PrefillTimeout);
        Positive(faults, nameof(GatewayOptions.PrefillSilence), options.PrefillSilence);
        Positive(faults, nameof(GatewayOptions.TokenTimeout), options.TokenTimeout);
        Positive(faults, nameof(GatewayOptions.ReleaseTimeout), options.ReleaseTimeout);
        Positive(faults, nameof(GatewayOptions.SnapshotTimeout), options.SnapshotTimeout);
        Positive(faults, nameof(GatewayOptions.RetryAfter), options.RetryAfter);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void Range(List<string> faults, string field, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            faults.Add($"{nameof(GatewayOptions)}.{field} must be in [{least}, {most}], not {value}.");
        }
    }

    private static void Positive(List<string> faults, string field, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > LongestWait)
        {
            faults.Add($"{nameof(GatewayOptions)}.{field} must be longer than 0 s and at most {LongestWait.TotalSeconds} s, not {value.TotalSeconds} s.");
        }
    }
}
