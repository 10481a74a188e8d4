namespace OrleansServe.Abstractions.Experts;

/// <summary>Façade of an expert shard. Key: <c>node/device</c>; lives on that node's silo. Rows reach the shard over the data plane, not here.</summary>
[Alias("os.expert-shard")]
public interface IExpertShardGrain : IGrainWithStringKey
{
    /// <summary>What the shard holds and has done.</summary>
    [Alias("describe")]
    Task<ExpertShardDescription> DescribeAsync();

    /// <summary>
    /// Has the shard load what it lacks for an epoch, in the background, and asks how far it is. What it held before stays. A later epoch takes the place of one that is
    /// not complete.
    /// </summary>
    [Alias("prepare")]
    Task<ShardProgress> PrepareAsync(ShardAssignment assignment);

    /// <summary>Nobody sends rows by earlier epochs any more: what only they wanted is given up.</summary>
    /// <param name="epoch">The oldest epoch in use; nothing happens if the shard is not ready for it.</param>
    [Alias("retire")]
    Task RetireAsync(long epoch);
}
