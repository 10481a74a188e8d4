namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>The first thing that went wrong on the way to the shards, or nothing.</summary>
internal readonly record struct DispatchFailure(int Expert, string? Reason)
{
    /// <summary>This failure, or a later one if there is none yet.</summary>
    public DispatchFailure Or(int expert, string reason) => Reason is null ? new DispatchFailure(expert, reason) : this;
}
