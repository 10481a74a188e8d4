using OrleansServe.Grains.Fleet;

namespace OrleansServe.Silo.Hosting;

/// <summary>Something that happens to a silo of a cluster within one process.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="Kind">What.</param>
/// <param name="Nodes">Nodes that the cluster is asked to have.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record LocalChange(string Silo, LocalChangeKind Kind, FleetNodes Nodes, string Reason);
