namespace OrleansServe.Grains.Fleet;

/// <summary>Nodes by role.</summary>
/// <param name="Prefill">Nodes of prefill.</param>
/// <param name="Decode">Nodes of decode.</param>
public readonly record struct FleetNodes(int Prefill, int Decode);
