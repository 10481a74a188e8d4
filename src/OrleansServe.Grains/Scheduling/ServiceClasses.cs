using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Scheduling;

/// <summary>The messages' priorities and the policy's classes.</summary>
internal static class ServiceClasses
{
    public const int Count = 3;

    public static ServiceClass Of(ServicePriority priority) => priority switch
    {
        ServicePriority.Interactive => ServiceClass.Interactive,
        ServicePriority.Batch => ServiceClass.Batch,
        _ => ServiceClass.Standard,
    };
}
