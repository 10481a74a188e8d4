namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Which devices hold which experts, and which share of an expert's rows each of them receives. Devices may hold different numbers of experts.</summary>
public sealed class ExpertPlacement
{
    private readonly int[][][] _experts;
    private readonly double[][][] _shares;

    private ExpertPlacement(int[][][] experts, double[][][] shares)
    {
        _experts = experts;
        _shares = shares;
    }

    /// <summary>Layers placed.</summary>
    public int Layers => _experts.Length;

    /// <summary>Devices, whether they hold anything or not.</summary>
    public int Devices => _experts.Length == 0 ? 0 : _experts[0].Length;

    /// <summary>Replicas that all devices hold, over all layers.</summary>
    public int Replicas => _experts.Sum(layer => layer.Sum(device => device.Length));

    /// <summary>What devices hold, each expert's rows divided equally among those that hold it.</summary>
    /// <param name="experts">[layers][devices], expert ids in any order, none twice.</param>
    public static ExpertPlacement Of(IReadOnlyList<IReadOnlyList<IEnumerable<int>>> experts)
    {
        ArgumentNullException.ThrowIfNull(experts);
        int[][][] held = [.. experts.Select(layer => layer.Select(device => device.Order().ToArray()).ToArray())];
        double[][][] shares = [.. held.Select(layer =>
        {
            Dictionary<int, int> replicas = layer.SelectMany(device => device).CountBy(expert => expert).ToDictionary();
            return layer.Select(device => device.Select(expert => 1.0 / replicas[expert]).ToArray()).ToArray();
        })];
        return new ExpertPlacement(held, shares);
    }

    /// <summary>A placement that was written down.</summary>
    /// <param name="experts">[layers][devices], expert ids, ascending.</param>
    /// <param name="shares">[layers][devices], the share of each of them.</param>
    public static ExpertPlacement Of(IReadOnlyList<IReadOnlyList<IEnumerable<int>>> experts, IReadOnlyList<IReadOnlyList<IEnumerable<double>>> shares)
    {
        ArgumentNullException.ThrowIfNull(experts);
        ArgumentNullException.ThrowIfNull(shares);
        return new ExpertPlacement(
            [.. experts.Select(layer => layer.Select(device => device.ToArray()).ToArray())], [.. shares.Select(layer => layer.Select(device => device.ToArray()).ToArray())]);
    }

    /// <summary>The placement that a balancer planned. A device that has an expert twice receives both shares.</summary>
    /// <param name="plans">A plan for each layer.</param>
    /// <param name="devices">Devices that it was made for.</param>
    public static ExpertPlacement Of(IReadOnlyList<LayerPlan> plans, int devices)
    {
        ArgumentNullException.ThrowIfNull(plans);
        int[][][] held = new int[plans.Count][][];
        double[][][] shares = new double[plans.Count][][];
        for (int layer = 0; layer < plans.Count; layer++)
        {
            LayerPlan plan = plans[layer];
            int size = plan.Slots.Length / devices;
            held[layer] = new int[devices][];
            shares[layer] = new double[devices][];
            for (int device = 0; device < devices; device++)
            {
                SortedDictionary<int, double> own = [];
                for (int slot = device * size; slot < (device + 1) * size; slot++)
                {
                    own[plan.Slots[slot]] = own.GetValueOrDefault(plan.Slots[slot]) + plan.Shares[slot];
                }

                held[layer][device] = [.. own.Keys];
                shares[layer][device] = [.. own.Values];
            }
        }

        return new ExpertPlacement(held, shares);
    }

    /// <summary>Experts that a device holds, ascending.</summary>
    public ReadOnlySpan<int> ExpertsOf(int layer, int device) => _experts[layer][device];

    /// <summary>The share of its rows that a device receives of each of <see cref="ExpertsOf"/>.</summary>
    public ReadOnlySpan<double> SharesOf(int layer, int device) => _shares[layer][device];

    /// <summary>Whether a device holds an expert.</summary>
    public bool Holds(int layer, int device, int expert) => Array.BinarySearch(_experts[layer][device], expert) >= 0;

    /// <summary>Whether a device holds anything in any layer.</summary>
    public bool IsUsed(int device) => _experts.Any(layer => layer[device].Length > 0);

    /// <summary>Experts of a layer that no device holds, ascending.</summary>
    /// <param name="layer">Index of the layer among those placed.</param>
    /// <param name="experts">Routed experts of a layer.</param>
    public IReadOnlyList<int> Missing(int layer, int experts)
    {
        HashSet<int> held = [.. _experts[layer].SelectMany(device => device)];
        return [.. Enumerable.Range(0, experts).Where(expert => !held.Contains(expert))];
    }

    /// <summary>Load of each device in a layer.</summary>
    /// <param name="layer">Index of the layer among those placed.</param>
    /// <param name="loads">[experts], in any unit.</param>
    public double[] LoadsOf(int layer, IReadOnlyList<double> loads)
    {
        ArgumentNullException.ThrowIfNull(loads);
        return [.. _experts[layer].Select((experts, device) => experts.Select((expert, i) => loads[expert] * _shares[layer][device][i]).Sum())];
    }

    /// <summary>Replicas that devices do not hold in an earlier placement on the same devices: what has to be loaded.</summary>
    public int MovedFrom(ExpertPlacement earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        int moved = 0;
        for (int layer = 0; layer < Layers; layer++)
        {
            for (int device = 0; device < Devices; device++)
            {
                moved += _experts[layer][device].Count(expert => !earlier.Holds(layer, device, expert));
            }
        }

        return moved;
    }
}
