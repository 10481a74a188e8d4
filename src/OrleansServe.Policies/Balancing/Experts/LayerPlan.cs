namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>Where a layer's experts are to be, and which share of an expert's rows each of its replicas receives. A device's load is the sum over its replicas of share times expert's load.</summary>
/// <param name="Slots">[slots], the expert in each slot; the slots of a device follow each other.</param>
/// <param name="Shares">[slots], the share of its expert's rows that each slot receives, in [0, 1]; those of an expert add up to 1.</param>
/// <param name="Origin">How it was made.</param>
/// <param name="LargestLoad">Largest load of a device, in the unit of the loads.</param>
/// <param name="UniformLargestLoad">The same if every replica of an expert received as many rows.</param>
/// <param name="MeanLoad">Mean load of the devices.</param>
/// <param name="GreedyLargestLoad">Largest load of a device under the published greedy's plan, which has equal shares.</param>
/// <param name="LeastLoad">No plan's largest load is below this, even if an expert's rows were divided among its replicas in any proportion.</param>
/// <param name="Moved">Replicas that their device did not hold in the earlier plan; 0 without one.</param>
public sealed record LayerPlan(
    int[] Slots, double[] Shares, PlanOrigin Origin, double LargestLoad, double UniformLargestLoad, double MeanLoad, double GreedyLargestLoad, double LeastLoad, int Moved)
{
    /// <summary>Mean over largest load of a device, in (0, 1]; 1 if there is no load.</summary>
    public double Balancedness => Over(LargestLoad);

    /// <summary>The same if every replica of an expert received as many rows.</summary>
    public double UniformBalancedness => Over(UniformLargestLoad);

    /// <summary>The same under the published greedy's plan.</summary>
    public double GreedyBalancedness => Over(GreedyLargestLoad);

    /// <summary>No plan's balancedness is above this.</summary>
    public double FractionalBound => Over(LeastLoad);

    private double Over(double largest) => largest > 0 ? Math.Min(1, MeanLoad / largest) : 1;
}
