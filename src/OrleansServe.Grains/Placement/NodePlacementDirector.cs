using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Placement;

/// <summary>Finds the silo that a worker's key names; there is no second choice, since the engine lives there and nowhere else.</summary>
internal sealed class NodePlacementDirector(IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        string node = WorkerId.Parse(target.GrainIdentity.Key.ToString() ?? "").Node;

        // A silo that was killed and started anew may be active twice for the seconds until its death is agreed on; the younger one is alive.
        SiloAddress? silo = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && member.Name == node)
            .Max(member => member.SiloAddress);
        return silo is not null
            ? Task.FromResult(silo)
            : throw new OrleansException($"No active silo is named '{node}', which grain {target.GrainIdentity} belongs to.");
    }
}
