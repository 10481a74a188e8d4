namespace OrleansServe.Grains.Usage;

/// <summary>The tenants as they are stored.</summary>
[GenerateSerializer, Alias("os.usage-directory-state")]
public sealed class DirectoryState
{
    /// <summary>The tenants.</summary>
    [Id(0)]
    public HashSet<string> Tenants { get; set; } = [];
}
