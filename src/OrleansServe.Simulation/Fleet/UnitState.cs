namespace OrleansServe.Simulation.Fleet;

/// <summary>Where a unit is in its life.</summary>
internal enum UnitState
{
    /// <summary>Asked for, but there are no nodes for it; costs nothing.</summary>
    Pending,

    /// <summary>Has its nodes, and does not serve yet.</summary>
    Starting,

    /// <summary>Serves.</summary>
    Ready,

    /// <summary>Takes nothing new, and leaves when what it has is done.</summary>
    Draining,

    /// <summary>Its nodes are somebody else's.</summary>
    Gone,
}
