namespace OrleansServe.Grains.Fleet;

/// <summary>What starts and stops nodes.</summary>
internal interface IFleetAdapter
{
    /// <summary>Nodes that the platform is asked to have.</summary>
    /// <param name="present">Nodes that belong to the cluster.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FleetUnchangeableException">The platform does not say.</exception>
    Task<FleetNodes> ReadAsync(FleetNodes present, CancellationToken cancellation);

    /// <summary>Asks the platform for as many nodes. It may be asked for the same again.</summary>
    /// <param name="wanted">Nodes by role.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FleetUnchangeableException">The platform did not take it: the fleet is as it was.</exception>
    Task ApplyAsync(FleetNodes wanted, string reason, CancellationToken cancellation);
}
