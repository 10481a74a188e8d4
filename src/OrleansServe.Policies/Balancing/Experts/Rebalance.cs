namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Whether a new placement is worth its moves, and which.</summary>
/// <param name="Placement">The new placement; null where the present one stays.</param>
/// <param name="Gain">By how much the busiest devices' loads, summed over layers, fall: before / after − 1.</param>
/// <param name="Before">Balancedness of the present placement: mean over largest load of a device, averaged over layers.</param>
/// <param name="After">The same of the placement that was planned, whether it is worth its moves or not.</param>
public sealed record Rebalance(ExpertPlacement? Placement, double Gain, double Before, double After)
{
    /// <summary>Plans for loads that were measured.</summary>
    /// <param name="loads">[layers][experts].</param>
    /// <param name="present">The placement in use, on the devices that there are now: those that have joined hold nothing, and their joining is worth any move.</param>
    /// <param name="slots">Experts of a layer that each device is meant to hold; more where that is too few for all.</param>
    /// <param name="mostMoved">Share of each layer's replicas that may be moved.</param>
    /// <param name="leastGain">The gain from which it is worth it.</param>
    public static Rebalance Decide(IReadOnlyList<double[]> loads, ExpertPlacement present, int slots, double mostMoved, double leastGain)
    {
        ArgumentNullException.ThrowIfNull(loads);
        ArgumentNullException.ThrowIfNull(present);
        int devices = present.Devices;
        int experts = loads[0].Length;
        slots = Math.Clamp(slots, (experts + devices - 1) / devices, experts);
        bool joined = Enumerable.Range(0, devices).Any(device => !present.IsUsed(device));
        int[][]? previous = joined ? null : PreviousSlots.Of(present, loads, slots);
        ExpertClusterShape shape = new(experts, (slots * devices) - experts, devices);
        IReadOnlyList<LayerPlan> plans = ExpertBalancer.Plan(loads, shape, previous, joined || previous is null ? 1 : mostMoved);
        ExpertPlacement planned = ExpertPlacement.Of(plans, devices);
        (double busyBefore, double before) = Measure(present, loads);
        (double busyAfter, double after) = Measure(planned, loads);
        double gain = busyAfter > 0 ? (busyBefore / busyAfter) - 1 : 0;
        bool isComplete = Enumerable.Range(0, present.Layers).All(layer => present.Missing(layer, experts).Count == 0);
        return new Rebalance(joined || !isComplete || gain >= leastGain ? planned : null, gain, before, after);
    }

    /// <summary>Balancedness of a placement: mean over largest load of a device, averaged over the layers that have load; 1 without any.</summary>
    /// <param name="placement">The placement.</param>
    /// <param name="loads">[layers][experts].</param>
    public static double Balancedness(ExpertPlacement placement, IReadOnlyList<double[]> loads) => Measure(placement, loads).Balancedness;

    private static (double Busiest, double Balancedness) Measure(ExpertPlacement placement, IReadOnlyList<double[]> loads)
    {
        double busiest = 0;
        double balancedness = 0;
        int layers = 0;
        for (int layer = 0; layer < placement.Layers; layer++)
        {
            double[] devices = placement.LoadsOf(layer, loads[layer]);
            double largest = devices.Max();
            busiest += largest;
            if (largest > 0)
            {
                balancedness += devices.Average() / largest;
                layers++;
            }
        }

        return (busiest, layers > 0 ? balancedness / layers : 1);
    }
}
