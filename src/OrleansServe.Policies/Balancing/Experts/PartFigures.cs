namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>What <see cref="PartPlanner"/> made.</summary>
/// <param name="Largest">Largest load of a device.</param>
/// <param name="Published">The same of the published greedy.</param>
/// <param name="Bound">No plan's is below.</param>
/// <param name="IsSearched">Whether the plan is our own; if not, it is the published greedy's.</param>
internal readonly record struct PartFigures(double Largest, double Published, double Bound, bool IsSearched);
