namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Which groups of experts are on which node.</summary>
internal sealed class GroupAssignment
{
    private readonly int _groupSize;
    private readonly int _room;
    private readonly LongestFirst _packing;
    private readonly DeviceLayout _layout;
    private readonly double[] _loads;
    private readonly double[] _keys;
    private readonly int[] _order;
    private readonly int[] _assigned;
    private readonly int[] _experts;
    private readonly int[] _places;

    /// <param name="experts">Experts.</param>
    /// <param name="groups">Groups, of which the nodes have equally many.</param>
    /// <param name="nodes">Nodes.</param>
    public GroupAssignment(int experts, int groups, int nodes)
    {
        _groupSize = experts / groups;
        _room = groups / nodes;
        _packing = new LongestFirst(nodes);
        _layout = new DeviceLayout(groups, groups, nodes);
        _loads = new double[groups];
        _keys = new double[groups];
        _order = new int[groups];
        _assigned = new int[groups];
        _experts = new int[experts];
        _places = new int[experts];
    }

    /// <summary>The experts of a node.</summary>
    public ReadOnlySpan<int> ExpertsOf(int node) => _experts.AsSpan(node * _room * _groupSize, _room * _groupSize);

    /// <summary>An expert's place in <see cref="ExpertsOf"/> of its node.</summary>
    public int PlaceOf(int expert) => _places[expert];

    /// <summary>Assigns as the published greedy does.</summary>
    public void PackLongestFirst(ReadOnlySpan<double> loads)
    {
        Array.Clear(_loads);
        for (int expert = 0; expert < loads.Length; expert++)
        {
            _loads[expert / _groupSize] += loads[expert];
        }

        for (int group = 0; group < _loads.Length; group++)
        {
            _keys[group] = -_loads[group];
            _order[group] = group;
        }

        Array.Sort(_keys, _order);
        for (int i = 0; i < _keys.Length; i++)
        {
            _keys[i] = -_keys[i];
        }

        _packing.Pack(_keys, _order, _assigned);
        Spread();
    }

    /// <summary>Makes the heaviest node lighter by exchanges of groups.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Improve()
    {
        _layout.Set(_assigned, _loads);
        LayoutSwaps.Lighten(_layout, 0);
        if (_layout.Slots.SequenceEqual(_assigned))
        {
            return false;
        }

        _layout.Slots.CopyTo(_assigned);
        Spread();
        return true;
    }

    /// <summary>Takes the assignment over that a plan keeps to.</summary>
    /// <param name="slots">The expert in each slot, one node after the other.</param>
    /// <returns>Whether it keeps to one: whether all replicas of a group are on one node, and the nodes have equally many groups.</returns>
    public bool Read(ReadOnlySpan<int> slots)
    {
        int nodes = _layout.Devices;
        int nodeSlots = slots.Length / nodes;
        int[] home = new int[_loads.Length];
        Array.Fill(home, -1);
        for (int slot = 0; slot < slots.Length; slot++)
        {
            int group = slots[slot] / _groupSize;
            int node = slot / nodeSlots;
            if (home[group] >= 0 && home[group] != node)
            {
                return false;
            }

            home[group] = node;
        }

        int[] filled = new int[nodes];
        for (int group = 0; group < home.Length; group++)
        {
            int node = home[group];
            if (node < 0 || filled[node] == _room)
            {
                return false;
            }

            _assigned[(node * _room) + filled[node]++] = group;
        }

        Spread();
        return true;
    }

    private void Spread()
    {
        for (int i = 0; i < _assigned.Length; i++)
        {
            for (int j = 0; j < _groupSize; j++)
            {
                int expert = (_assigned[i] * _groupSize) + j;
                _experts[(i * _groupSize) + j] = expert;
                _places[expert] = (i * _groupSize) + j - (i / _room * _room * _groupSize);
            }
        }
    }
}
