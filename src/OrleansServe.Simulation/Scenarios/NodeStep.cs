namespace OrleansServe.Simulation.Scenarios;

/// <summary>From an hour on a fleet has this many nodes.</summary>
/// <param name="Hour">Hours since the day began, in [0, 24).</param>
/// <param name="Nodes">Nodes of both roles together.</param>
public readonly record struct NodeStep(double Hour, int Nodes);
