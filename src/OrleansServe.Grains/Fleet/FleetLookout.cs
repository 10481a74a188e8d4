using System.Collections.Immutable;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Grains.Placement;

namespace OrleansServe.Grains.Fleet;

/// <summary>Sees the cluster's silos, and asks the scheduler what they do.</summary>
internal sealed class FleetLookout(IClusterMembershipService membership, ISiloMetadataCache metadata, LocalSiloRoles local, SiloAddress silo, ISchedulerGrain scheduler, TimeProvider time)
{
    private readonly long _begun = time.GetTimestamp();

    /// <summary>Looks, without asking the platform.</summary>
    /// <exception cref="OperationCanceledException">The scheduler did not answer in time.</exception>
    public async Task<FleetSighting> LookAsync(CancellationToken cancellation)
    {
        SchedulerSnapshot snapshot = await scheduler.GetSnapshotAsync().WaitAsync(cancellation);
        return new FleetSighting(time.GetUtcNow(), time.GetElapsedTime(_begun), snapshot, Nodes(), null);
    }

    private ImmutableArray<FleetNode> Nodes()
    {
        return [.. membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status is SiloStatus.Active or SiloStatus.Joining)
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => ToNode(member, RolesOf(member.SiloAddress)))];

        static FleetNode ToNode(ClusterMember member, string? roles) =>
            new(member.Name, SiloRoles.Contains(roles, "prefill"), SiloRoles.Contains(roles, "decode"), member.Status == SiloStatus.Joining) { HasOtherRoles = roles?.Contains(',', StringComparison.Ordinal) ?? true };
    }

    private string? RolesOf(SiloAddress member) =>
        member.Equals(silo) ? local.Roles : metadata.GetSiloMetadata(member).Metadata.GetValueOrDefault(SiloRoles.MetadataKey);
}
