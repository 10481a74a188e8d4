namespace OrleansServe.Policies.Scaling;

/// <summary>What the policy remembers from one decision to the next. A value: it can be written as JSON and read back.</summary>
public sealed record ScalingState
{
    /// <summary>When the last decision was taken; null before the first.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>When the last observation was made that was learned from.</summary>
    public DateTimeOffset? Observed { get; init; }

    /// <summary>No units are taken away before this: the clock was set, and what it says has to prove itself.</summary>
    public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>The prefill role.</summary>
    public RoleScalingState Prefill { get; init; } = new();

    /// <summary>The decode role.</summary>
    public RoleScalingState Decode { get; init; } = new();
}
