using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Experts;

/// <summary>Which shard computes which expert. Immutable: a change is a new instance.</summary>
internal sealed class ExpertRoutes
{
    private const int Nowhere = -1;

    private readonly int[][] _shardOf;

    /// <param name="shards">The shards, in the order of their keys.</param>
    /// <param name="layers">Layers of the model, dense ones included.</param>
    /// <param name="experts">Routed experts of a layer.</param>
    public ExpertRoutes(IReadOnlyList<Shard> shards, int layers, int experts)
    {
        Shards = shards;
        _shardOf = new int[layers][];
        for (int layer = 0; layer < layers; layer++)
        {
            _shardOf[layer] = new int[experts];
            Array.Fill(_shardOf[layer], Nowhere);
        }
    }

    public IReadOnlyList<Shard> Shards { get; }

    /// <summary>Notes that a shard holds an expert; the first one to say so is asked.</summary>
    public void Add(int layer, int expert, int shard)
    {
        if ((uint)layer < (uint)_shardOf.Length && (uint)expert < (uint)_shardOf[layer].Length && _shardOf[layer][expert] == Nowhere)
        {
            _shardOf[layer][expert] = shard;
        }
    }

    /// <summary>Notes all that a shard says it holds. What the model has not is left out.</summary>
    public void AddAll(ExpertShardDescription description, int shard)
    {
        for (int i = 0; i < description.Layers.Length; i++)
        {
            foreach (int expert in description.Experts[i])
            {
                Add(description.Layers[i], expert, shard);
            }
        }
    }

    /// <summary>Whether rows go the same ways.</summary>
    public bool IsSameAs(ExpertRoutes other) =>
        Shards.SequenceEqual(other.Shards) && _shardOf.Length == other._shardOf.Length && _shardOf.Zip(other._shardOf).All(layer => layer.First.AsSpan().SequenceEqual(layer.Second));

    /// <summary>Index of the shard of an expert, or -1.</summary>
    public int ShardOf(int layer, int expert) => _shardOf[layer][expert];

    /// <summary>Whether every expert of a layer has a shard.</summary>
    public bool Covers(int layer) => !_shardOf[layer].Contains(Nowhere);

    /// <summary>A shard and where its rows go.</summary>
    public sealed record Shard(WorkerId Worker, string DataPlaneAddress);
}
