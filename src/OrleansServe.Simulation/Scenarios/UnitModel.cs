namespace OrleansServe.Simulation.Scenarios;

/// <summary>What scales together in one role, and what it can do.</summary>
/// <param name="Nodes">Nodes of a unit.</param>
/// <param name="Capacity">Tokens a second that a node can serve when it is never idle: prompt tokens, cached ones included, or tokens produced.</param>
/// <param name="PrintedRate">Tokens a second and node that the source served on average over its day: all that a policy is told before it has measured.</param>
public sealed record UnitModel(int Nodes, double Capacity, double PrintedRate)
{
    /// <summary>Tokens a second of a unit.</summary>
    public double UnitCapacity => Nodes * Capacity;
}
