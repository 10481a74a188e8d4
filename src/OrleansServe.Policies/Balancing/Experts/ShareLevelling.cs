namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>
/// Divides each expert's rows among its replicas so that the largest load of a device is as small as the placement allows. Each expert with several replicas in turn levels the devices
/// that hold it, as water does: the lightest are filled first, up to a common level. Again and again, until nothing moves.
/// </summary>
/// <remarks>
/// A turn is the exact minimum, over one expert's shares, of the sum of the squares of the device loads. That sum is convex and no condition ties the shares of two experts, so the turns
/// converge to its minimum; and there no load can be shifted to a lighter device, so that the largest load is the least too.
/// </remarks>
internal sealed class ShareLevelling
{
    private const double Tolerance = 1e-6;
    private const int MostSweeps = 400;

    private readonly int _room;
    private readonly double[] _deviceLoads;
    private readonly int[] _counts;
    private readonly int[] _replicated;
    private readonly int[] _starts;
    private readonly int[] _ends;
    private readonly int[] _holders;
    private readonly double[] _parts;
    private readonly double[] _floors;

    /// <param name="experts">Experts.</param>
    /// <param name="slots">Replicas.</param>
    /// <param name="devices">Devices; divides <paramref name="slots"/>.</param>
    public ShareLevelling(int experts, int slots, int devices)
    {
        _room = slots / devices;
        _deviceLoads = new double[devices];
        _counts = new int[experts];
        _replicated = new int[experts];
        _starts = new int[experts];
        _ends = new int[experts];
        _holders = new int[slots];
        _parts = new double[slots];
        _floors = new double[slots];
    }

    /// <summary>The largest load of a device with equal shares, of what was levelled last.</summary>
    public double UniformLargest { get; private set; }

    /// <summary>Levels.</summary>
    /// <param name="slots">The expert in each slot, one device after the other.</param>
    /// <param name="loads">Load of each expert.</param>
    /// <param name="shares">[slots], where to write each replica's share of its expert's rows; those of an expert add up to 1. Of two replicas on one device the second has none.</param>
    /// <returns>The largest load of a device.</returns>
    public double Level(ReadOnlySpan<int> slots, ReadOnlySpan<double> loads, Span<double> shares)
    {
        Weigh(slots, loads);
        UniformLargest = Largest();
        int split = FindHolders(slots);
        Fill(loads, split);
        for (int slot = 0; slot < slots.Length; slot++)
        {
            double load = loads[slots[slot]];
            shares[slot] = _counts[slots[slot]] == 1 ? 1 : load > 0 ? _parts[slot] / load : 1.0 / _counts[slots[slot]];
        }

        return Largest();
    }

    private void Fill(ReadOnlySpan<double> loads, int split)
    {
        double tolerance = Tolerance * UniformLargest;
        double change = double.MaxValue;
        for (int sweep = 0; sweep < MostSweeps && change > tolerance; sweep++)
        {
            change = 0;
            for (int i = 0; i < split; i++)
            {
                int expert = _replicated[i];
                change = Math.Max(change, Fill(_holders.AsSpan(_starts[expert].._ends[expert]), loads[expert]));
            }
        }
    }

    // Shares one expert's load out; the largest change of a replica's part.
    private double Fill(ReadOnlySpan<int> holders, double load)
    {
        Span<double> floors = _floors.AsSpan(0, holders.Length);
        for (int i = 0; i < holders.Length; i++)
        {
            double floor = _deviceLoads[holders[i] / _room] - _parts[holders[i]];
            int at = i;
            for (; at > 0 && floors[at - 1] > floor; at--)
            {
                floors[at] = floors[at - 1];
            }

            floors[at] = floor;
        }

        double level = floors[0] + load;
        double sum = load + floors[0];
        for (int i = 1; i < floors.Length && floors[i] < level; i++)
        {
            sum += floors[i];
            level = sum / (i + 1);
        }

        double change = 0;
        foreach (int slot in holders)
        {
            ref double device = ref _deviceLoads[slot / _room];
            double floor = device - _parts[slot];
            double part = Math.Max(0, level - floor);
            change = Math.Max(change, Math.Abs(part - _parts[slot]));
            _parts[slot] = part;
            device = floor + part;
        }

        return change;
    }

    private void Weigh(ReadOnlySpan<int> slots, ReadOnlySpan<double> loads)
    {
        Array.Clear(_counts);
        Array.Clear(_deviceLoads);
        foreach (int expert in slots)
        {
            _counts[expert]++;
        }

        for (int slot = 0; slot < slots.Length; slot++)
        {
            _parts[slot] = loads[slots[slot]] / _counts[slots[slot]];
            _deviceLoads[slot / _room] += _parts[slot];
        }
    }

    // Lists the slots of each replicated expert, one for each device that has it; the number of such experts.
    private int FindHolders(ReadOnlySpan<int> slots)
    {
        int split = 0;
        int start = 0;
        for (int expert = 0; expert < _counts.Length; expert++)
        {
            if (_counts[expert] > 1)
            {
                _replicated[split++] = expert;
                _starts[expert] = start;
                _ends[expert] = start;
                start += _counts[expert];
            }
        }

        for (int slot = 0; slot < slots.Length; slot++)
        {
            int expert = slots[slot];
            if (_counts[expert] == 1)
            {
                continue;
            }

            ref int end = ref _ends[expert];
            if (end > _starts[expert] && _holders[end - 1] / _room == slot / _room)
            {
                _parts[_holders[end - 1]] += _parts[slot];
                _parts[slot] = 0;
            }
            else
            {
                _holders[end++] = slot;
            }
        }

        return split;
    }

    private double Largest()
    {
        double largest = 0;
        foreach (double load in _deviceLoads)
        {
            largest = Math.Max(largest, load);
        }

        return largest;
    }
}
