using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Placement;
using OrleansServe.Grains.Workers;

namespace OrleansServe.Grains.Experts.Shards;

/// <summary>Façade of an expert shard.</summary>
[NodePlacement, Reentrant]
public sealed class ExpertShardGrain(WorkerCatalog catalog) : Grain, IExpertShardGrain
{
    private ExpertShard Shard
    {
        get
        {
            WorkerId id = WorkerId.Parse(this.GetPrimaryKeyString());
            return catalog.TryGet(id, out ExpertShard? shard) ? shard : throw new InvalidOperationException($"Silo {id.Node} has no expert shard {id.Device}.");
        }
    }

    /// <inheritdoc/>
    public Task<ExpertShardDescription> DescribeAsync() => Task.FromResult(Shard.Describe());

    /// <inheritdoc/>
    public Task<ShardProgress> PrepareAsync(ShardAssignment assignment)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        return Task.FromResult(Shard.Prepare(assignment));
    }

    /// <inheritdoc/>
    public Task RetireAsync(long epoch)
    {
        Shard.Retire(epoch);
        return Task.CompletedTask;
    }
}
