namespace OrleansServe.Policies.Scaling;

/// <summary>What is known of a fleet.</summary>
/// <param name="At">When it was seen.</param>
/// <param name="Window">The time before, in which what arrived and what was served was counted.</param>
/// <param name="Prefill">The prefill role.</param>
/// <param name="Decode">The decode role.</param>
public sealed record FleetObservation(DateTimeOffset At, TimeSpan Window, RoleObservation Prefill, RoleObservation Decode);
