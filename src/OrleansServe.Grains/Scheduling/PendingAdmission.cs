using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Scheduling;

/// <summary>A request that waits for room.</summary>
/// <param name="Request">The request.</param>
/// <param name="Class">Its class.</param>
/// <param name="Account">Its tenant's.</param>
/// <param name="Order">Number of its arrival.</param>
/// <param name="Arrived">When it came, on the scheduler's clock.</param>
/// <param name="Due">When its first token is due.</param>
internal sealed record PendingAdmission(AdmissionRequest Request, ServiceClass Class, TenantAccount Account, long Order, TimeSpan Arrived, TimeSpan Due)
{
    public TaskCompletionSource<Admission> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
