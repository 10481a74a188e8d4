namespace OrleansServe.Grains.Fleet;

/// <summary>What starts and stops nodes.</summary>
public interface IFleetAdapter
{
    /// <summary>It numbers a role's nodes from 0 on, and always has the first ones: who leaves is nobody's choice.</summary>
    bool TakesLastByNumber { get; }

    /// <summary>Nodes that the platform is asked to have.</summary>
    /// <param name="present">Nodes that belong to the cluster and are not told to leave.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FleetUnchangeableException">The platform does not say.</exception>
    Task<FleetNodes> ReadAsync(FleetNodes present, CancellationToken cancellation);

    /// <summary>
    /// Has the platform do something, or see that it is done already: asked for the same again it goes on where it was. Nodes that leave are told to stop in order, and hand their streams over
    /// before they do. Called after each decision that knows how the fleet is, whether or not that changed anything.
    /// </summary>
    /// <param name="order">What.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FleetUnchangeableException">The platform did not take it: the fleet is as it was.</exception>
    Task ApplyAsync(FleetOrder order, CancellationToken cancellation);
}
