namespace OrleansServe.Policies.Scaling;

/// <summary>What is to become of a fleet.</summary>
/// <param name="Prefill">The prefill role.</param>
/// <param name="Decode">The decode role.</param>
/// <param name="CostPerHour">What the units wanted cost in an hour at the price of now, in US dollars.</param>
/// <param name="Reason">Why, in words: one line.</param>
/// <param name="State">What to remember until the next decision.</param>
public sealed record ScalingDecision(RoleDecision Prefill, RoleDecision Decode, decimal CostPerHour, string Reason, ScalingState State);
