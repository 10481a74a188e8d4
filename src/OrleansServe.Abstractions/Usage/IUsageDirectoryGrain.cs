using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Usage;

/// <summary>Which tenants have a ledger. Key: <see cref="Key"/>. Persisted.</summary>
[Alias("os.usage-directory")]
public interface IUsageDirectoryGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "cluster";

    /// <summary>Adds a tenant, unless it is known.</summary>
    [Alias("add")]
    Task AddAsync(string tenant);

    /// <summary>All tenants, in the order of their names.</summary>
    [Alias("tenants")]
    Task<ImmutableArray<string>> GetTenantsAsync();
}
