namespace OrleansServe.Simulation.Fleet;

/// <summary>A unit of one role. Mutable; belongs to its <see cref="RoleFleet"/>.</summary>
internal sealed class FleetUnit(RoleFleet fleet)
{
    /// <summary>Who it belongs to.</summary>
    public RoleFleet Fleet { get; } = fleet;

    /// <summary>Where it is in its life.</summary>
    public UnitState State { get; set; } = UnitState.Pending;

    /// <summary>The cell it serves in, or served in before it began to drain.</summary>
    public Cell? Cell { get; set; }

    /// <summary>Decode: groups of streams that it has.</summary>
    public int Active { get; set; }

    /// <summary>Decode: KV blocks that they hold.</summary>
    public long Blocks { get; set; }

    /// <summary>Decode: who took its streams over when it left, one entry for each.</summary>
    public Queue<FleetUnit> Heirs { get; } = [];
}
