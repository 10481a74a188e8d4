namespace OrleansServe.Policies.Scaling;

/// <summary>What the policy remembers of one role.</summary>
public sealed record RoleScalingState
{
    /// <summary>Units wanted; null before the first decision.</summary>
    public int? Units { get; init; }

    /// <summary>Tokens a second that a unit serves, as learned; 0 if nothing is known.</summary>
    public double Capacity { get; init; }

    /// <summary>Tokens a second asked for lately; null before the first observation.</summary>
    public double? Demand { get; init; }

    /// <summary>Capacity to be kept for it, over the demand: 1 / utilisation of the classes as they are mixed.</summary>
    public double Headroom { get; init; } = 1;

    /// <summary>How far single observations are from <see cref="Demand"/>, on average, in tokens a second.</summary>
    public double Deviation { get; init; }

    /// <summary>When units were last added.</summary>
    public DateTimeOffset? Grown { get; init; }

    /// <summary>When units were last taken away.</summary>
    public DateTimeOffset? Shrunk { get; init; }

    /// <summary>How often units had to be added again soon after some were taken away; each doubles the next cool-down.</summary>
    public int Regrets { get; init; }

    /// <summary>Demand of past days.</summary>
    public DemandHistory History { get; init; } = new();
}
