using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>Which shards compute which expert, by one epoch of the plan. A change is a new instance.</summary>
internal sealed class ExpertRoutes
{
    // By layer and expert: the shards that hold it, and the share of its rows that each receives.
    private readonly int[][][] _shards;
    private readonly double[][][] _shares;

    /// <param name="shards">The shards, in the order of their keys.</param>
    /// <param name="layers">Layers of the model, dense ones included.</param>
    /// <param name="experts">Routed experts of a layer.</param>
    /// <param name="epoch">Epoch of the plan; 0 where there is none.</param>
    public ExpertRoutes(IReadOnlyList<Shard> shards, int layers, int experts, long epoch = 0)
    {
        Shards = shards;
        Epoch = epoch;
        Experts = experts;
        _shards = new int[layers][][];
        _shares = new double[layers][][];
        for (int layer = 0; layer < layers; layer++)
        {
            _shards[layer] = new int[experts][];
            _shares[layer] = new double[experts][];
            Array.Fill(_shards[layer], []);
            Array.Fill(_shares[layer], []);
        }
    }

    public IReadOnlyList<Shard> Shards { get; }

    public long Epoch { get; }

    /// <summary>Layers of the model, dense ones included.</summary>
    public int Layers => _shards.Length;

    /// <summary>Routed experts of a layer.</summary>
    public int Experts { get; }

    /// <summary>The routes of a plan. What the model has not is left out.</summary>
    public static ExpertRoutes Of(ExpertPlan plan, int layers, int experts)
    {
        ExpertRoutes routes = new([.. plan.Shards.Select(shard => new Shard(shard.Worker, shard.DataPlaneAddress))], layers, experts, plan.Epoch);
        foreach (ExpertLayerPlan layer in plan.Layers)
        {
            for (int shard = 0; shard < layer.Experts.Length; shard++)
            {
                for (int i = 0; i < layer.Experts[shard].Length; i++)
                {
                    routes.Put(layer.Layer, layer.Experts[shard][i], shard, layer.Shares[shard][i]);
                }
            }
        }

        return routes;
    }

    /// <summary>Notes that a shard holds an expert. All that hold it receive as many of its rows.</summary>
    public void Add(int layer, int expert, int shard)
    {
        Put(layer, expert, shard, 0);
        if (Has(layer, expert))
        {
            Array.Fill(_shares[layer][expert], 1.0 / _shares[layer][expert].Length);
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

    /// <summary>Indices of the shards that hold an expert, ascending where they were noted so.</summary>
    public ReadOnlySpan<int> ShardsOf(int layer, int expert) => _shards[layer][expert];

    /// <summary>The share of an expert's rows that each of <see cref="ShardsOf"/> receives; together 1.</summary>
    public ReadOnlySpan<double> SharesOf(int layer, int expert) => _shares[layer][expert];

    /// <summary>Index of the first shard of an expert, or -1.</summary>
    public int ShardOf(int layer, int expert) => _shards[layer][expert] is [int first, ..] ? first : -1;

    /// <summary>Whether every expert of a layer has a shard.</summary>
    public bool Covers(int layer) => Array.TrueForAll(_shards[layer], shards => shards.Length > 0);

    private bool Has(int layer, int expert) => (uint)layer < (uint)_shards.Length && (uint)expert < (uint)_shards[layer].Length;

    private void Put(int layer, int expert, int shard, double share)
    {
        if (Has(layer, expert) && !_shards[layer][expert].Contains(shard))
        {
            _shards[layer][expert] = [.. _shards[layer][expert], shard];
            _shares[layer][expert] = [.. _shares[layer][expert], share];
        }
    }

    /// <summary>A shard and where its rows go.</summary>
    public sealed record Shard(WorkerId Worker, string DataPlaneAddress);
}
