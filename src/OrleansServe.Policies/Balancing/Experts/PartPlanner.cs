namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Plans one part: experts that may go to any of some devices. A global plan has one part, a hierarchical one a part for each node.</summary>
internal sealed class PartPlanner
{
    private const int PairedSlots = 2;
    private const int Goals = 5;
    private const double Worth = 1.001;

    private readonly int _slots;
    private readonly int _devices;
    private readonly GreedyReplication _replication;
    private readonly LongestFirst _packing;
    private readonly ReplicaOrder _order;
    private readonly PairFold _fold;
    private readonly PairCountSearch _search;
    private readonly DeviceLayout _layout;
    private readonly PairRepair? _pairRepair;
    private readonly double[] _keys;
    private readonly int[] _experts;
    private readonly double[] _loads;
    private readonly int[] _counts;
    private readonly int[] _places;
    private readonly int[] _published;
    private readonly int[] _previous;
    private readonly int[] _searched;

    /// <param name="experts">Experts of a part.</param>
    /// <param name="slots">Its replicas.</param>
    /// <param name="devices">Its devices.</param>
    public PartPlanner(int experts, int slots, int devices)
    {
        _slots = slots;
        _devices = devices;
        _replication = new GreedyReplication(experts);
        _packing = new LongestFirst(devices);
        _order = new ReplicaOrder(slots);
        _fold = new PairFold(slots);
        _search = new PairCountSearch(experts, slots);
        _layout = new DeviceLayout(experts, slots, devices);
        _pairRepair = slots == PairedSlots * devices ? new PairRepair(_layout, _search) : null;
        _keys = new double[experts];
        _experts = new int[experts];
        _loads = new double[experts];
        _counts = new int[experts];
        _places = new int[experts];
        _published = new int[slots];
        _previous = new int[slots];
        _searched = new int[slots];
    }

    /// <summary>Plans.</summary>
    /// <param name="loads">Load of each expert.</param>
    /// <param name="slots">Where to write the expert of each slot, one device after the other.</param>
    public PartFigures Plan(ReadOnlySpan<double> loads, Span<int> slots)
    {
        double total = Sort(loads);
        double leastShare = _replication.Count(_loads, _slots, int.MaxValue, _counts);
        _order.Sort(_loads, _counts);
        double published = _packing.Pack(_order.Shares, _order.Experts, _published);
        double bound = Math.Max(total / _devices, leastShare);

        // More replicas than devices would meet on a device.
        _replication.Count(_loads, _slots, _devices, _counts);
        if (_slots == PairedSlots * _devices)
        {
            _search.Improve(_loads, _counts, bound);
            _fold.Lay(_loads, _counts, _searched);
        }
        else
        {
            _order.Sort(_loads, _counts);
            _packing.Pack(_order.Shares, _order.Experts, _searched);
        }

        _layout.Set(_searched, _loads);
        LayoutSwaps.Part(_layout);
        if (_slots != PairedSlots * _devices)
        {
            LayoutSwaps.Lighten(_layout, bound);
        }

        double searched = _layout.DeviceLoads[_layout.Heaviest()];
        bool isSearched = searched <= published;
        ReadOnlySpan<int> chosen = isSearched ? _layout.Slots : _published;
        for (int slot = 0; slot < slots.Length; slot++)
        {
            slots[slot] = _experts[chosen[slot]];
        }

        return new PartFigures(isSearched ? searched : published, published, bound, isSearched);
    }

    /// <summary>Takes loads over without planning, for <see cref="Adapt"/>.</summary>
    /// <param name="loads">Load of each expert.</param>
    public void Prepare(ReadOnlySpan<double> loads) => Sort(loads);

    /// <summary>Adapts the plan that is in use to the loads that were given to <see cref="Plan"/> or <see cref="Prepare"/> last.</summary>
    /// <param name="least">Largest load that is not improved on.</param>
    /// <param name="slots">The expert of each slot; replaced.</param>
    /// <param name="moves">Replicas that may be moved.</param>
    public void Adapt(double least, Span<int> slots, int moves)
    {
        for (int place = 0; place < _experts.Length; place++)
        {
            _places[_experts[place]] = place;
        }

        for (int slot = 0; slot < slots.Length; slot++)
        {
            _previous[slot] = _places[slots[slot]];
        }

        double largest = Reset();
        _previous.CopyTo(_searched);
        for (int i = 0; i < Goals && largest > least * Worth; i++)
        {
            // The best that can be hoped for is tried first.
            double goal = i == 0 ? least : (least + largest) / 2;
            _ = Reset();
            if (_pairRepair?.Reach(goal, moves) ?? LayoutRepair.Reach(_layout, goal, moves))
            {
                largest = _layout.DeviceLoads[_layout.Heaviest()];
                _layout.Slots.CopyTo(_searched);
            }
            else
            {
                least = goal;
            }
        }

        for (int slot = 0; slot < slots.Length; slot++)
        {
            slots[slot] = _experts[_searched[slot]];
        }
    }

    private double Reset()
    {
        _layout.Set(_previous, _loads);
        return _layout.DeviceLoads[_layout.Heaviest()];
    }

    private double Sort(ReadOnlySpan<double> loads)
    {
        double total = 0;
        for (int expert = 0; expert < loads.Length; expert++)
        {
            _keys[expert] = -loads[expert];
            _experts[expert] = expert;
            total += loads[expert];
        }

        Array.Sort(_keys, _experts);
        for (int place = 0; place < _loads.Length; place++)
        {
            _loads[place] = -_keys[place];
        }

        return total;
    }
}
