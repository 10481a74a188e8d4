namespace OrleansServe.Grains.Usage;

/// <summary>Where the ledger is kept.</summary>
public static class UsageStorage
{
    /// <summary>Name of the grain storage provider that the host adds.</summary>
    public const string Provider = "usage";
}
