namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>What experts are spread over. Every device has the same number of slots; a slot holds one replica of one expert.</summary>
/// <param name="Experts">Routed experts of a layer.</param>
/// <param name="Redundant">Slots beyond one for each expert.</param>
/// <param name="Devices">Devices that hold experts; divides <see cref="Slots"/>.</param>
/// <param name="Nodes">Nodes that the devices stand in, in order; divides <paramref name="Devices"/>.</param>
/// <param name="Groups">Groups of experts, in order, of which each stays on one node; with one group experts go anywhere.</param>
/// <remarks>Groups on nodes follow DeepSeek's group-limited routing: a token's experts lie in few groups, so a group kept on one node keeps rows off the wire between nodes.</remarks>
public sealed record ExpertClusterShape(int Experts, int Redundant, int Devices, int Nodes = 1, int Groups = 1)
{
    /// <summary>The most experts of a layer that are planned.</summary>
    public const int MostExperts = 4096;

    /// <summary>The most devices that are planned.</summary>
    public const int MostDevices = 4096;

    /// <summary>The most slots that are planned.</summary>
    public const int MostSlots = 65_536;

    /// <summary>Replicas of a layer, all devices together.</summary>
    public int Slots => Experts + Redundant;

    /// <summary>Replicas that a device holds.</summary>
    public int SlotsPerDevice => Slots / Devices;

    /// <summary>Whether groups stay on nodes.</summary>
    public bool IsHierarchical => Nodes > 1 && Groups > 1;

    /// <summary>Everything that is wrong with this shape; empty if nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        List<string> faults = [];
        CheckRange(faults, "experts", Experts, 1, MostExperts);
        CheckRange(faults, "redundant", Redundant, 0, MostSlots);
        CheckRange(faults, "devices", Devices, 1, MostDevices);
        CheckRange(faults, "nodes", Nodes, 1, MostDevices);
        CheckRange(faults, "groups", Groups, 1, MostExperts);
        if (faults.Count > 0)
        {
            return faults;
        }

        if (Slots > MostSlots)
        {
            faults.Add($"experts + redundant: at most {MostSlots} slots, is {Slots}");
        }

        if (Slots % Devices != 0)
        {
            faults.Add($"devices: must divide the {Slots} slots ({Experts} experts + {Redundant} redundant), is {Devices}");
        }

        if (Slots > (long)Experts * Devices)
        {
            faults.Add($"redundant: {Slots} slots are more than one replica of each of {Experts} experts on each of {Devices} devices ({(long)Experts * Devices})");
        }

        if (Devices % Nodes != 0)
        {
            faults.Add($"nodes: must divide the {Devices} devices, is {Nodes}");
        }

        if (Experts % Groups != 0)
        {
            faults.Add($"groups: must divide the {Experts} experts, is {Groups}");
        }

        if (IsHierarchical && Groups % Nodes != 0)
        {
            faults.Add($"groups: must be divisible by the {Nodes} nodes, is {Groups}; one group or one node makes a global plan");
        }

        return faults;
    }

    /// <summary>Throws if something is wrong.</summary>
    /// <exception cref="ArgumentException">Something is; the message lists all of it.</exception>
    internal void Check()
    {
        if (Faults() is { Count: > 0 } faults)
        {
            throw new ArgumentException(string.Join("; ", faults));
        }
    }

    private static void CheckRange(List<string> faults, string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            faults.Add($"{name}: must be between {least} and {most}, is {value}");
        }
    }
}
