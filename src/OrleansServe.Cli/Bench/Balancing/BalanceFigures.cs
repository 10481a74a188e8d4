using OrleansServe.Policies.Balancing.Experts;

namespace OrleansServe.Cli.Bench.Balancing;

/// <summary>Plans of all layers, and how long they took.</summary>
/// <param name="Plans">A plan for each layer.</param>
/// <param name="PlanMilliseconds">Time for all layers, median of the runs measured.</param>
/// <param name="HasPrevious">Whether an earlier plan was followed.</param>
internal sealed record BalanceFigures(IReadOnlyList<LayerPlan> Plans, double PlanMilliseconds, bool HasPrevious)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);
    private const int MostWarmUps = 60;
    private const int Runs = 9;

    /// <summary>Mean over the layers.</summary>
    public double Balancedness => Plans.Average(plan => plan.Balancedness);

    /// <summary>The same with equal shares.</summary>
    public double UniformBalancedness => Plans.Average(plan => plan.UniformBalancedness);

    /// <summary>The same of the published greedy.</summary>
    public double GreedyBalancedness => Plans.Average(plan => plan.GreedyBalancedness);

    /// <summary>No plan's is above this.</summary>
    public double FractionalBound => Plans.Average(plan => plan.FractionalBound);

    /// <summary>Layers on which the published greedy is better.</summary>
    public int LayersBelowGreedy => Plans.Count(plan => plan.LargestLoad > plan.GreedyLargestLoad);

    /// <summary>Share of all replicas that were moved away from the earlier plan.</summary>
    public double MovedShare => (double)Plans.Sum(plan => plan.Moved) / Plans.Sum(plan => plan.Slots.Length);

    /// <summary>Plans, and measures in compiled code.</summary>
    public static BalanceFigures Measure(
        double[][] loads, ExpertClusterShape shape, int[][]? previous, double mostMoved, TimeProvider time, CancellationToken cancellation)
    {
        IReadOnlyList<LayerPlan> plans = ExpertBalancer.Plan(loads, shape, previous, mostMoved);
        long started = time.GetTimestamp();
        for (int i = 0; i < MostWarmUps && time.GetElapsedTime(started) < WarmUp; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            _ = ExpertBalancer.Plan(loads, shape, previous, mostMoved);
        }

        double[] milliseconds = new double[Runs];
        for (int i = 0; i < Runs; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            started = time.GetTimestamp();
            plans = ExpertBalancer.Plan(loads, shape, previous, mostMoved);
            milliseconds[i] = time.GetElapsedTime(started).TotalMilliseconds;
        }

        Array.Sort(milliseconds);
        return new BalanceFigures(plans, milliseconds[Runs / 2], previous is not null);
    }
}
