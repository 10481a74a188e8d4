namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Replicas on devices, with the load of each device, while they are being changed.</summary>
internal sealed class DeviceLayout
{
    private readonly int[] _slots;
    private readonly double[] _deviceLoads;
    private readonly double[] _loads;
    private readonly int[] _counts;

    /// <param name="experts">Experts.</param>
    /// <param name="slots">Replicas.</param>
    /// <param name="devices">Devices; divides <paramref name="slots"/>.</param>
    public DeviceLayout(int experts, int slots, int devices)
    {
        _slots = new int[slots];
        _deviceLoads = new double[devices];
        _loads = new double[experts];
        _counts = new int[experts];
        Room = slots / devices;
    }

    /// <summary>Slots of a device.</summary>
    public int Room { get; }

    /// <summary>Devices.</summary>
    public int Devices => _deviceLoads.Length;

    /// <summary>Experts.</summary>
    public int Experts => _counts.Length;

    /// <summary>The expert in each slot, one device after the other.</summary>
    public ReadOnlySpan<int> Slots => _slots;

    /// <summary>Load of each device.</summary>
    public ReadOnlySpan<double> DeviceLoads => _deviceLoads;

    /// <summary>Replicas of an expert.</summary>
    public int CountOf(int expert) => _counts[expert];

    /// <summary>Load of an expert, all replicas together.</summary>
    public double LoadOf(int expert) => _loads[expert];

    /// <summary>Load of one replica of an expert.</summary>
    public double ShareOf(int expert) => _loads[expert] / _counts[expert];

    /// <summary>Load of the smallest replica.</summary>
    public double SmallestShare()
    {
        double smallest = double.MaxValue;
        for (int expert = 0; expert < _loads.Length; expert++)
        {
            smallest = Math.Min(smallest, ShareOf(expert));
        }

        return smallest;
    }

    /// <summary>Takes a layout over.</summary>
    /// <param name="slots">The expert in each slot.</param>
    /// <param name="loads">Load of each expert.</param>
    public void Set(ReadOnlySpan<int> slots, ReadOnlySpan<double> loads)
    {
        slots.CopyTo(_slots);
        loads.CopyTo(_loads);
        Array.Clear(_counts);
        foreach (int expert in slots)
        {
            _counts[expert]++;
        }

        for (int device = 0; device < Devices; device++)
        {
            Weigh(device);
        }
    }

    /// <summary>The device with the most load, of equals the first.</summary>
    public int Heaviest()
    {
        int heaviest = 0;
        for (int device = 1; device < Devices; device++)
        {
            if (_deviceLoads[device] > _deviceLoads[heaviest])
            {
                heaviest = device;
            }
        }

        return heaviest;
    }

    /// <summary>Whether a device holds an expert, leaving one of its slots out.</summary>
    public bool Holds(int device, int expert, int except = -1)
    {
        for (int slot = device * Room; slot < (device + 1) * Room; slot++)
        {
            if (slot != except && _slots[slot] == expert)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Exchanges the experts of two slots.</summary>
    public void Swap(int slot, int other)
    {
        (_slots[slot], _slots[other]) = (_slots[other], _slots[slot]);
        Weigh(slot / Room);
        Weigh(other / Room);
    }

    /// <summary>Puts a replica into a slot as one of several changes that leave every expert as many replicas as before.</summary>
    public void Put(int slot, int expert)
    {
        _slots[slot] = expert;
        Weigh(slot / Room);
    }

    /// <summary>Puts a replica of another expert into a slot, whose own expert loses one.</summary>
    public void Replace(int slot, int expert)
    {
        int before = _slots[slot];
        _slots[slot] = expert;
        _counts[before]--;
        _counts[expert]++;
        for (int i = 0; i < _slots.Length; i++)
        {
            if (i == slot || _slots[i] == before || _slots[i] == expert)
            {
                Weigh(i / Room);
            }
        }
    }

    // Summed anew instead of adjusted, in the order of slots: equal layouts weigh equal whatever led to them.
    private void Weigh(int device)
    {
        double load = 0;
        for (int slot = device * Room; slot < (device + 1) * Room; slot++)
        {
            load += ShareOf(_slots[slot]);
        }

        _deviceLoads[device] = load;
    }
}
