using System.Collections.Immutable;

namespace OrleansServe.Grains.Fleet;

/// <summary>What a platform is to do.</summary>
/// <param name="Nodes">Nodes that there are to be.</param>
/// <param name="Leaving">Names of those that are to leave, the first to leave first; a platform that chooses by itself takes these.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record FleetOrder(FleetNodes Nodes, ImmutableArray<string> Leaving, string Reason);
