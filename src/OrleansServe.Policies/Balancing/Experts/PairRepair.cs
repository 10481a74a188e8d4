namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>
/// Adapts a layout of two slots a device to loads that have drifted. Devices above the goal are broken up, and with them as few others as give their replicas partners that are
/// small enough; the replicas so freed are paired anew, the largest with the smallest, and each new pair goes to a device that had one of the two. So a device that is broken up costs one move.
/// </summary>
internal sealed class PairRepair
{
    private readonly DeviceLayout _layout;
    // The cover's grid is optimistic by up to one step; counts are sought for a limit that is smaller by so much.
    private const double Margin = 0.993;

    private readonly PairCountSearch _search;
    private readonly int[] _counts;
    private readonly double[] _loads;
    private readonly int[] _before;
    private readonly bool[] _isFree;
    private readonly int[] _experts;
    private readonly int[] _from;
    private readonly int[] _places;
    private readonly double[] _shares;
    private readonly bool[] _isPlaced;
    private int _freed;

    /// <param name="layout">The layout that is repaired; two slots a device.</param>
    /// <param name="search">Finds counts.</param>
    public PairRepair(DeviceLayout layout, PairCountSearch search)
    {
        _search = search;
        _counts = new int[layout.Experts];
        _loads = new double[layout.Experts];
        _layout = layout;
        _before = new int[2 * layout.Devices];
        _isFree = new bool[layout.Devices];
        _experts = new int[2 * layout.Devices];
        _from = new int[2 * layout.Devices];
        _places = new int[2 * layout.Devices];
        _shares = new double[2 * layout.Devices];
        _isPlaced = new bool[layout.Devices];
    }

    /// <summary>Brings every device under a goal.</summary>
    /// <param name="goal">Largest load that a device may be left with.</param>
    /// <param name="moves">Replicas that may be moved.</param>
    /// <returns>Whether it worked out; if not, the layout is to be set again.</returns>
    public bool Reach(double goal, int moves)
    {
        _layout.Slots.CopyTo(_before);
        if (!Recount(goal, moves))
        {
            return false;
        }

        _freed = 0;
        Array.Clear(_isFree);
        for (int device = 0; device < _layout.Devices; device++)
        {
            if (_layout.DeviceLoads[device] > goal)
            {
                Free(device);
            }
        }

        for (int tight = FirstTooHeavy(goal); tight >= 0; tight = FirstTooHeavy(goal))
        {
            if (_freed >= moves || Helper(goal - _shares[tight]) is not (>= 0 and var device))
            {
                return false;
            }

            Free(device);
        }

        Place();
        return Moved() <= moves;
    }

    private int Moved()
    {
        int moved = 0;
        for (int slot = 0; slot < _before.Length; slot += 2)
        {
            int a = _layout.Slots[slot];
            int b = _layout.Slots[slot + 1];
            bool same = (a == _before[slot] && b == _before[slot + 1]) || (a == _before[slot + 1] && b == _before[slot]);
            bool half = a == _before[slot] || a == _before[slot + 1] || b == _before[slot] || b == _before[slot + 1];
            moved += same ? 0 : half ? 1 : 2;
        }

        return moved;
    }

    private bool Recount(double goal, int moves)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] = _layout.CountOf(i);
            _loads[i] = _layout.LoadOf(i);
        }

        _search.Adapt(_loads, _counts, goal * Margin, moves);
        for (int expert = 0; expert < _counts.Length; expert++)
        {
            while (_layout.CountOf(expert) < _counts[expert])
            {
                int slot = SpareSlot(expert);
                if (slot < 0)
                {
                    return false;
                }

                _layout.Replace(slot, expert);
            }
        }

        return true;
    }

    private int SpareSlot(int expert)
    {
        int best = -1;
        double least = double.MaxValue;
        for (int slot = 0; slot < _layout.Slots.Length; slot++)
        {
            int given = _layout.Slots[slot];
            double others = _layout.ShareOf(_layout.Slots[slot ^ 1]);
            if (_layout.CountOf(given) > _counts[given] && others < least && _layout.Slots[slot ^ 1] != expert)
            {
                best = slot;
                least = others;
            }
        }

        return best;
    }

    private void Free(int device)
    {
        _isFree[device] = true;
        _freed++;
        for (int slot = 2 * device; slot < 2 * (device + 1); slot++)
        {
            int expert = _layout.Slots[slot];
            double share = _layout.ShareOf(expert);
            int at = (2 * (_freed - 1)) + slot - (2 * device);
            for (; at > 0 && _shares[at - 1] < share; at--)
            {
                _shares[at] = _shares[at - 1];
                _experts[at] = _experts[at - 1];
                _from[at] = _from[at - 1];
            }

            _shares[at] = share;
            _experts[at] = expert;
            _from[at] = slot;
        }
    }

    // Place of the largest free replica whose partner is too large for it or is the same expert, or -1.
    private int FirstTooHeavy(double goal)
    {
        for (int i = 0, j = (2 * _freed) - 1; i < j; i++, j--)
        {
            if (_shares[i] + _shares[j] > goal || _experts[i] == _experts[j])
            {
                return i;
            }
        }

        return -1;
    }

    // The device that has a replica of at most so much load and beside it the least.
    private int Helper(double most)
    {
        int best = -1;
        double least = double.MaxValue;
        for (int device = 0; device < _layout.Devices; device++)
        {
            double a = _layout.ShareOf(_layout.Slots[2 * device]);
            double b = _layout.ShareOf(_layout.Slots[(2 * device) + 1]);
            if (!_isFree[device] && Math.Min(a, b) <= most && Math.Max(a, b) < least)
            {
                best = device;
                least = Math.Max(a, b);
            }
        }

        return best;
    }

    // Pairs, and the devices that their replicas come from, form rings, so that every pair can stay where one of its two is: along a ring, each where its second is.
    private void Place()
    {
        int last = (2 * _freed) - 1;
        for (int place = 0; place <= last; place++)
        {
            _places[_from[place]] = place;
        }

        Array.Clear(_isPlaced);
        for (int start = 0; start < _freed; start++)
        {
            int coming = start;
            while (!_isPlaced[Math.Min(coming, last - coming)])
            {
                _isPlaced[Math.Min(coming, last - coming)] = true;
                int leaving = _from[last - coming] ^ 1;
                _layout.Put(leaving, _experts[coming]);
                coming = _places[leaving];
            }
        }
    }
}
