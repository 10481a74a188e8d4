using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Instruments;

/// <summary>Values of labels: a fixed set, in lower case, the same in every metric.</summary>
internal static class MetricLabels
{
    public static string Of(WorkerRole role) => role switch
    {
        WorkerRole.Prefill => "prefill",
        WorkerRole.Decode => "decode",
        _ => "expert",
    };

    public static string Of(ServiceClass serviceClass) => serviceClass switch
    {
        ServiceClass.Interactive => "interactive",
        ServiceClass.Standard => "standard",
        _ => "batch",
    };

    public static string Of(AdmissionOutcome outcome) => outcome switch
    {
        AdmissionOutcome.Admitted => "admitted",
        AdmissionOutcome.Overloaded => "overloaded",
        AdmissionOutcome.NoWorkers => "no_workers",
        AdmissionOutcome.Moving => "moving",
        _ => "too_large",
    };
}
