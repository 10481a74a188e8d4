namespace OrleansServe.Simulation.Runs;

/// <summary>Who decides how large the fleet is.</summary>
internal interface IFleetPlan
{
    /// <summary>Sets the fleet up before the first request, and again whenever it has asked to be.</summary>
    /// <param name="control">The fleet.</param>
    /// <param name="now">In ticks since the day that counts began.</param>
    /// <returns>When it wants to be asked again, in ticks.</returns>
    long Apply(FleetControl control, long now);
}
