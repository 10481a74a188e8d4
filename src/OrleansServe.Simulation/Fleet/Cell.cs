namespace OrleansServe.Simulation.Fleet;

/// <summary>
/// What a balancer chooses between: one unit, or several that share their load evenly where a role has very many, so that a decision stays cheap and what is simulated
/// as one request stays small beside what serves it.
/// </summary>
internal sealed class Cell
{
    /// <summary>Prefill: its slot in the router; -1 before it has one.</summary>
    public int RouterSlot { get; set; } = -1;

    /// <summary>Its place among the candidates.</summary>
    public int Index { get; set; }

    /// <summary>The units that serve, in the order in which they came.</summary>
    public List<FleetUnit> Units { get; } = [];

    /// <summary>Prefill: when what is queued will have been computed, in ticks.</summary>
    public long BusyUntil { get; set; } = long.MinValue / 2;

    /// <summary>Decode: groups of streams of the units that serve.</summary>
    public int Active { get; set; }

    /// <summary>Decode: KV blocks that they hold.</summary>
    public long Blocks { get; set; }

    /// <summary>The unit with the fewest streams.</summary>
    public FleetUnit Idlest()
    {
        FleetUnit best = Units[0];
        foreach (FleetUnit unit in Units)
        {
            best = unit.Active < best.Active ? unit : best;
        }

        return best;
    }
}
