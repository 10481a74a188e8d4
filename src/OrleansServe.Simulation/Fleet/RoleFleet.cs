using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Fleet;

/// <summary>The units of one role and the cells that they serve in.</summary>
internal sealed class RoleFleet
{
    /// <summary>Cells that a balancer chooses between at most, as long as the fleet is no larger than expected.</summary>
    public const int MostCells = 40;

    private readonly List<FleetUnit> _units = [];
    private readonly List<Cell> _cells = [];
    private readonly int _unitsPerCell;

    /// <param name="model">A unit.</param>
    /// <param name="expectedUnits">Units in the busiest hour.</param>
    public RoleFleet(UnitModel model, int expectedUnits)
    {
        Model = model;
        _unitsPerCell = Math.Max(1, (expectedUnits + MostCells - 1) / MostCells);
    }

    /// <summary>A unit.</summary>
    public UnitModel Model { get; }

    /// <summary>Cells that serve.</summary>
    public IReadOnlyList<Cell> Cells => _cells;

    /// <summary>Units that serve, or will when they have started, or would if there were nodes: all but those that leave.</summary>
    public int Wanted => Ready + Starting + Pending;

    /// <summary>Units that serve.</summary>
    public int Ready { get; private set; }

    /// <summary>Units that start.</summary>
    public int Starting { get; private set; }

    /// <summary>Units without nodes.</summary>
    public int Pending { get; private set; }

    /// <summary>Units that leave.</summary>
    public int Draining { get; private set; }

    /// <summary>Nodes that the role takes up.</summary>
    public int Nodes => (Ready + Starting + Draining) * Model.Nodes;

    /// <summary>Decode: groups of streams of all units, those included that leave.</summary>
    public int Active { get; set; }

    /// <summary>Decode: KV blocks that they hold.</summary>
    public long Blocks { get; set; }

    /// <summary>Told when units joined or left cells.</summary>
    public Action? CellsChanged { get; set; }

    /// <summary>Asks for a unit; it is pending.</summary>
    public FleetUnit Add()
    {
        FleetUnit unit = new(this);
        _units.Add(unit);
        Pending++;
        return unit;
    }

    /// <summary>Pending units, the oldest first.</summary>
    public List<FleetUnit> PendingUnits() => _units.FindAll(unit => unit.State == UnitState.Pending);

    /// <summary>The unit that would leave first: one without nodes, then the one that started last, then of the smallest cell the one with the least to do.</summary>
    public FleetUnit? FirstToLeave()
    {
        FleetUnit? best = null;
        foreach (FleetUnit unit in _units)
        {
            if (unit.State <= UnitState.Ready && (best is null || GoesBefore(unit, best)))
            {
                best = unit;
            }
        }

        return best;
    }

    /// <summary>Moves a unit to its next state.</summary>
    public void Move(FleetUnit unit, UnitState state)
    {
        Count(unit.State, -1);
        Count(state, 1);
        unit.State = state;
        switch (state)
        {
            case UnitState.Ready:
                Join(unit);
                break;
            case UnitState.Draining:
                Leave(unit);
                break;
            case UnitState.Gone:
                _units.Remove(unit);
                break;
            default:
                break;
        }
    }

    /// <summary>A unit has started, unless it has been given up meanwhile.</summary>
    public void BecomeReady(FleetUnit unit)
    {
        if (unit.State == UnitState.Starting)
        {
            Move(unit, UnitState.Ready);
        }
    }

    /// <summary>Streams that go on with others, as evenly as they are spread, because their unit leaves at once.</summary>
    public void HandOver(FleetUnit unit)
    {
        if (_cells.Count == 0)
        {
            // Nobody is left to take them over: they end where they are.
            return;
        }

        long blocks = unit.Active > 0 ? unit.Blocks / unit.Active : 0;
        for (; unit.Active > 0; unit.Active--)
        {
            FleetUnit heir = _cells[0].Idlest();
            foreach (Cell cell in _cells)
            {
                FleetUnit other = cell.Idlest();
                heir = other.Active < heir.Active ? other : heir;
            }

            heir.Active++;
            heir.Blocks += blocks;
            heir.Cell!.Active++;
            heir.Cell.Blocks += blocks;
            unit.Heirs.Enqueue(heir);
        }

        unit.Blocks = 0;
        CellsChanged?.Invoke();
    }

    private static bool GoesBefore(FleetUnit a, FleetUnit b)
    {
        if (a.State != b.State)
        {
            return a.State < b.State;
        }

        if (a.State != UnitState.Ready)
        {
            return true;
        }

        // The emptiest cell first, so that others stay full; then the unit with the least to do; then the youngest.
        int order = a.Cell!.Units.Count.CompareTo(b.Cell!.Units.Count);
        order = order != 0 ? order : a.Active.CompareTo(b.Active);
        order = order != 0 ? order : a.Cell.BusyUntil.CompareTo(b.Cell.BusyUntil);
        return order <= 0;
    }

    private void Join(FleetUnit unit)
    {
        Cell? cell = _cells.Find(cell => cell.Units.Count < _unitsPerCell);
        if (cell is null)
        {
            cell = new Cell();
            _cells.Add(cell);
        }

        unit.Cell = cell;
        cell.Units.Add(unit);
        CellsChanged?.Invoke();
    }

    private void Leave(FleetUnit unit)
    {
        Cell cell = unit.Cell!;
        cell.Units.Remove(unit);
        cell.Active -= unit.Active;
        cell.Blocks -= unit.Blocks;
        if (cell.Units.Count == 0)
        {
            _cells.Remove(cell);
        }

        CellsChanged?.Invoke();
    }

    private void Count(UnitState state, int change)
    {
        switch (state)
        {
            case UnitState.Pending:
                Pending += change;
                break;
            case UnitState.Starting:
                Starting += change;
                break;
            case UnitState.Ready:
                Ready += change;
                break;
            case UnitState.Draining:
                Draining += change;
                break;
            default:
                break;
        }
    }
}
