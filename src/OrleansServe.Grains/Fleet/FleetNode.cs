namespace OrleansServe.Grains.Fleet;

/// <summary>A silo that belongs to the cluster and is not about to leave it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Prefill">It has prefill workers.</param>
/// <param name="Decode">It has decode workers.</param>
/// <param name="Joining">It does not serve yet.</param>
internal sealed record FleetNode(string Name, bool Prefill, bool Decode, bool Joining)
{
    /// <summary>It does something else besides, so that it is not given up for what one of its roles needs less of.</summary>
    public bool HasOtherRoles { get; init; }
}
