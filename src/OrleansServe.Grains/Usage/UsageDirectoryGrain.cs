using System.Collections.Immutable;
using OrleansServe.Abstractions.Usage;
using OrleansServe.Grains.Placement;

namespace OrleansServe.Grains.Usage;

/// <summary>Knows which tenants have a ledger.</summary>
[GatewayPlacement]
public sealed class UsageDirectoryGrain : Grain, IUsageDirectoryGrain
{
    private readonly IPersistentState<DirectoryState> _directory;

    /// <summary>Made by the grain runtime.</summary>
    public UsageDirectoryGrain([PersistentState("directory", UsageStorage.Provider)] IPersistentState<DirectoryState> directory) => _directory = directory;

    /// <inheritdoc/>
    public async Task AddAsync(string tenant)
    {
        ArgumentException.ThrowIfNullOrEmpty(tenant);
        if (!_directory.State.Tenants.Add(tenant))
        {
            return;
        }

        try
        {
            await _directory.WriteStateAsync();
        }
        catch
        {
            _directory.State.Tenants.Remove(tenant);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<string>> GetTenantsAsync() => Task.FromResult<ImmutableArray<string>>([.. _directory.State.Tenants.Order(StringComparer.Ordinal)]);
}
