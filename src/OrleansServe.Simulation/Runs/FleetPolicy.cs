namespace OrleansServe.Simulation.Runs;

/// <summary>Who decides how large the fleet is.</summary>
public enum FleetPolicy
{
    /// <summary>The scaling policy of the cluster.</summary>
    Ours,

    /// <summary>The node curve of the scenario's source.</summary>
    Printed,
}
