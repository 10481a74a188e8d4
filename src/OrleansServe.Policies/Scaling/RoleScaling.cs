namespace OrleansServe.Policies.Scaling;

/// <summary>How one role may scale.</summary>
public sealed record RoleScaling
{
    /// <summary>Nodes of a unit.</summary>
    public int NodesPerUnit { get; init; } = 1;

    /// <summary>Units that there are always.</summary>
    public int Minimum { get; init; } = 1;

    /// <summary>Units that there may be.</summary>
    public int Maximum { get; init; } = 1;

    /// <summary>Units come and go in multiples of this, counted from the minimum.</summary>
    public int Step { get; init; } = 1;

    /// <summary>Tokens a second that a unit is taken to serve until it has been measured; 0 if nothing is known.</summary>
    public double InitialCapacity { get; init; }
}
