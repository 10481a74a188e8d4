namespace OrleansServe.Grains.Fleet;

/// <summary>What a silo does about the size of the fleet.</summary>
public enum FleetKind
{
    /// <summary>Nothing.</summary>
    Off,

    /// <summary>Decides and says so, and changes nothing.</summary>
    DryRun,

    /// <summary>Scales StatefulSets of Kubernetes.</summary>
    Kubernetes,
}
