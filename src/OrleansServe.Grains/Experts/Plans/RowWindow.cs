using System.Collections.Immutable;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>Counts rows from a moment on, out of what shards have counted since they started.</summary>
internal sealed class RowWindow
{
    private readonly Dictionary<Guid, ShardView> _begun = [];

    /// <summary>Begins anew with what shards have counted by now.</summary>
    public void Begin(IEnumerable<ShardView> shards)
    {
        _begun.Clear();
        foreach (ShardView shard in shards)
        {
            _begun[shard.Incarnation] = shard;
        }
    }

    /// <summary>Rows that an expert of a shard has computed since the beginning.</summary>
    public long RowsOf(ShardView shard, int layer, int expert) => Since(shard, layer, expert, shard.RowsOf(layer, expert));

    /// <summary>Rows of each shard, over all of its experts, and of each expert, over all shards.</summary>
    /// <returns>[layers][shards] and [layers][experts].</returns>
    public (double[][] Shards, double[][] Experts) Sum(IReadOnlyList<ShardView> shards, ImmutableArray<int> layers, int experts)
    {
        double[][] byShard = [.. layers.Select(_ => new double[shards.Count])];
        double[][] byExpert = [.. layers.Select(_ => new double[experts])];
        for (int shard = 0; shard < shards.Count; shard++)
        {
            foreach ((int layer, int expert, long rows) in shards[shard].Experts)
            {
                if (layers.BinarySearch(layer) is >= 0 and var place && (uint)expert < (uint)experts)
                {
                    long since = Since(shards[shard], layer, expert, rows);
                    byShard[place][shard] += since;
                    byExpert[place][expert] += since;
                }
            }
        }

        return (byShard, byExpert);
    }

    private long Since(ShardView shard, int layer, int expert, long rows) =>
        Math.Max(0, rows - (_begun.TryGetValue(shard.Incarnation, out ShardView? begun) ? begun.RowsOf(layer, expert) : 0));
}
