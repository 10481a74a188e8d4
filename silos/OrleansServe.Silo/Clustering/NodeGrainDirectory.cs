using System.Collections.Concurrent;

using Orleans.GrainDirectory;

namespace OrleansServe.Silo.Clustering;

/// <summary>
/// Directory of the grains that live on the one silo their key names: each silo knows its own, and whoever looks for another's is sent by placement to that silo. So
/// neither finding a worker nor its grain's life depends on any third silo, which may have died.
/// </summary>
internal sealed class NodeGrainDirectory : IGrainDirectory
{
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _own = new();

    public Task<GrainAddress?> Register(GrainAddress address) => Task.FromResult<GrainAddress?>(_own.GetOrAdd(address.GrainId, address));

    public Task Unregister(GrainAddress address)
    {
        if (_own.TryGetValue(address.GrainId, out GrainAddress? known) && known.ActivationId.Equals(address.ActivationId))
        {
            _own.TryRemove(KeyValuePair.Create(address.GrainId, known));
        }

        return Task.CompletedTask;
    }

    public Task<GrainAddress?> Lookup(GrainId grainId) => Task.FromResult(_own.GetValueOrDefault(grainId));

    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;
}
