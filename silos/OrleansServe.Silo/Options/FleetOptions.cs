using OrleansServe.Grains.Fleet;
using OrleansServe.Grains.Fleet.Kubernetes;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Silo.Options;

/// <summary>What a gateway does about the size of the fleet.</summary>
public sealed record FleetOptions
{
    /// <summary>Whether it decides, and what becomes of decisions.</summary>
    public FleetKind Kind { get; init; } = FleetKind.Off;

    /// <summary>How the fleet scales; null until a file says so.</summary>
    public ScalingOptions? Scaling { get; init; }

    /// <summary>Where it is, if its nodes are pods.</summary>
    public KubernetesFleetOptions Kubernetes { get; init; } = new();
}
