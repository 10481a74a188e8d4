using OrleansServe.Policies.Batching;

namespace OrleansServe.Policies.Balancing;

/// <summary>A request that waits for admission, as <see cref="OverflowPolicy"/> sees it.</summary>
/// <param name="Class">Its class.</param>
/// <param name="TenantRequests">Requests of its tenant that wait, itself included.</param>
/// <param name="Order">Number of its arrival.</param>
public readonly record struct QueuedRequest(ServiceClass Class, int TenantRequests, long Order);
