using OrleansServe.Simulation.Fleet;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>Makes a fleet larger and smaller: what the fleet adapter does in a cluster.</summary>
internal sealed class FleetControl(Scenario scenario, RoleFleet prefill, RoleFleet decode, NodeMeter meter, EventQueue events)
{
    private int _idleNodes;

    /// <summary>Prefill's units.</summary>
    public RoleFleet Prefill { get; } = prefill;

    /// <summary>Decode's units.</summary>
    public RoleFleet Decode { get; } = decode;

    /// <summary>Units asked for or given up on the day that counts.</summary>
    public int UnitsMoved { get; private set; }

    /// <summary>Nodes that are paid and belong to no unit.</summary>
    public void SetIdleNodes(int nodes, long now)
    {
        _idleNodes = nodes;
        Count(now);
    }

    /// <summary>Units come and go in this moment; streams of those that go are handed over.</summary>
    public void SetAtOnce(RoleFleet fleet, int units, long now)
    {
        while (fleet.Wanted < units)
        {
            FleetUnit unit = fleet.Add();
            fleet.Move(unit, UnitState.Ready);
            CountMove(now);
        }

        while (fleet.Wanted > units)
        {
            FleetUnit unit = fleet.FirstToLeave()!;
            fleet.Move(unit, UnitState.Draining);
            CountMove(now);
            Release(unit, now);
        }

        Count(now);
    }

    /// <summary>Units are asked for, or begin to leave.</summary>
    public void Set(RoleFleet fleet, int units, long now)
    {
        while (fleet.Wanted < units)
        {
            fleet.Add();
            CountMove(now);
        }

        while (fleet.Wanted > units)
        {
            FleetUnit unit = fleet.FirstToLeave()!;
            CountMove(now);
            if (unit.State == UnitState.Ready)
            {
                fleet.Move(unit, UnitState.Draining);
                long end = fleet == Prefill ? Math.Max(now, unit.Cell!.BusyUntil) : unit.Active == 0 ? now : now + DrainLimit.Ticks;
                events.Add(end, new SimulatedEvent(EventKind.UnitGone, unit));
            }
            else
            {
                fleet.Move(unit, UnitState.Gone);
            }
        }

        Start(now);
        Count(now);
    }

    /// <summary>A unit that leaves goes now, and its nodes with it.</summary>
    public void Release(FleetUnit unit, long now)
    {
        if (unit.State == UnitState.Draining)
        {
            unit.Fleet.HandOver(unit);
            unit.Fleet.Move(unit, UnitState.Gone);
            Start(now);
            Count(now);
        }
    }

    /// <summary>Streams that a unit which leaves may bring to their end; then others take them over.</summary>
    public static TimeSpan DrainLimit { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Pending units start as far as there are nodes for them.</summary>
    private void Start(long now)
    {
        foreach (RoleFleet fleet in (RoleFleet[])[Decode, Prefill])
        {
            if (fleet.Pending == 0)
            {
                continue;
            }

            foreach (FleetUnit unit in fleet.PendingUnits())
            {
                if (scenario.Settings.ClusterNodes > 0 && Prefill.Nodes + Decode.Nodes + fleet.Model.Nodes > scenario.Settings.ClusterNodes)
                {
                    break;
                }

                fleet.Move(unit, UnitState.Starting);
                events.Add(now + scenario.Settings.StartUp.Ticks, new SimulatedEvent(EventKind.UnitReady, unit));
            }
        }
    }

    private void CountMove(long now) => UnitsMoved += now is >= 0 and < TimeSpan.TicksPerDay ? 1 : 0;

    private void Count(long now) => meter.Set(Prefill.Nodes + Decode.Nodes + _idleNodes, now);
}
