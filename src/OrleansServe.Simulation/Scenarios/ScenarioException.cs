namespace OrleansServe.Simulation.Scenarios;

/// <summary>A scenario cannot be simulated.</summary>
/// <param name="faults">All that is wrong with it: field, limit and value.</param>
public sealed class ScenarioException(IReadOnlyList<string> faults) : Exception(string.Join("; ", faults))
{
    /// <summary>All that is wrong with the scenario, one line each.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
