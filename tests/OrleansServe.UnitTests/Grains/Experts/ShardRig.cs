using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Grains.Experts;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;
using OrleansServe.Transfer.InProcess;
using OrleansServe.UnitTests.Engine;
using OrleansServe.UnitTests.Grains.Workers;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>An engine on one silo, and shards of its experts there and on another.</summary>
internal sealed class ShardRig : IAsyncDisposable, IExpertRouteSource
{
    private readonly WorkerRig _rig = new();
    private readonly Checkpoint _checkpoint = Checkpoint.Open(Repository.TinyR1);
    private readonly WorkerCatalog _catalog = new();
    private readonly List<ExpertShard> _shards = [];
    private readonly List<IDisposable> _owned = [];
    private readonly InProcessDataPlane _here;
    private readonly InProcessDataPlane _there;

    public ShardRig()
    {
        InProcessNetwork network = new();
        _here = network.Join("here");
        _there = network.Join("there");
        Weights = ModelWeights.Load(_checkpoint, new WeightsOptions { IncludeMtp = false }, progress: null, default);
        Dispatcher = new ShardedExpertDispatcher(this, _catalog, _here, TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    public ModelWeights Weights { get; }

    /// <summary>The routes, as <see cref="Route"/> has set them.</summary>
    public ExpertRoutes? Current { get; set; }

    /// <summary>Routes that were found wanting.</summary>
    public List<ExpertRoutes> Distrusted { get; } = [];

    public void Distrust(ExpertRoutes routes) => Distrusted.Add(routes);

    public ModelConfig Config => _checkpoint.Config;

    public int[] MoeLayers => [.. Enumerable.Range(0, Config.NumHiddenLayers).Where(Config.IsMoeLayer)];

    public ShardedExpertDispatcher Dispatcher { get; }

    /// <summary>Makes a shard of some experts. One of the engine's silo gets no thread: whatever were sent there would wait for ever.</summary>
    public ExpertShard Add(string device, bool here, params int[] experts)
    {
        ImmutableArray<(int Layer, ImmutableArray<int> Experts)> held = [.. MoeLayers.Select(layer => (layer, experts.ToImmutableArray()))];
        ExpertBank bank = ExpertBank.Load(_checkpoint, held.ToDictionary(layer => layer.Layer, layer => (IReadOnlyList<int>)layer.Experts));
        ExpertShard shard = new(new WorkerId(here ? "here" : "there", device), bank, held, _rig.Context(here ? _here : _there));
        _owned.Add(bank);
        _shards.Add(shard);
        if (here)
        {
            _catalog.Add(shard);
        }
        else
        {
            shard.Start();
        }

        return shard;
    }

    /// <summary>Stops a shard.</summary>
    public Task StopAsync(ExpertShard shard)
    {
        _shards.Remove(shard);
        return shard.DisposeAsync().AsTask();
    }

    /// <summary>Routes experts to these shards.</summary>
    public void Route(params ExpertShard[] shards)
    {
        ExpertRoutes routes = new([.. shards.Select(shard => new ExpertRoutes.Shard(shard.Id, shard.Describe().DataPlaneAddress))], Config.NumHiddenLayers, Config.NRoutedExperts!.Value);
        for (int shard = 0; shard < shards.Length; shard++)
        {
            routes.AddAll(shards[shard].Describe(), shard);
        }

        Current = routes;
    }

    /// <summary>Rows that a shard has counted, by layer and expert.</summary>
    public static Dictionary<(int Layer, int Expert), long> RowsOf(ExpertShard shard) => shard.Describe() is var seen
        ? seen.Layers.SelectMany((layer, i) => seen.Experts[i].Select((expert, j) => (Key: (layer, expert), Rows: seen.Rows[i][j]))).ToDictionary(entry => entry.Key, entry => entry.Rows)
        : [];

    public async ValueTask DisposeAsync()
    {
        foreach (ExpertShard shard in _shards)
        {
            await shard.DisposeAsync();
        }

        Dispatcher.Dispose();
        _owned.ForEach(owned => owned.Dispose());
        Weights.Dispose();
        _checkpoint.Dispose();
        _rig.Dispose();
    }
}
