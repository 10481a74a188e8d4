using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Grains.Experts.Dispatch;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.Configuration;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
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
    private int _failing;

    /// <param name="wait">How long rows wait for an expert that nobody can compute.</param>
    /// <param name="time">The dispatcher's clock.</param>
    public ShardRig(TimeSpan wait = default, TimeProvider? time = null)
    {
        InProcessNetwork network = new();
        _here = network.Join("here");
        _there = network.Join("there");
        Weights = ModelWeights.Load(_checkpoint, new WeightsOptions { IncludeMtp = false }, progress: null, default);
        Dispatcher = new ShardedExpertDispatcher(this, _catalog, new FailingPlane(_here, this), TimeSpan.FromSeconds(30), time ?? TimeProvider.System, wait);
        Second = new ShardedExpertDispatcher(this, _catalog, new FailingPlane(_here, this), TimeSpan.FromSeconds(30), time ?? TimeProvider.System, wait);
    }

    public ModelWeights Weights { get; }

    /// <summary>The routes, as <see cref="Route"/> has set them.</summary>
    public ExpertRoutes? Current { get; set; }

    /// <summary>Routes that were found wanting.</summary>
    public List<ExpertRoutes> Distrusted { get; } = [];

    public void Distrust(ExpertRoutes routes) => Distrusted.Add(routes);

    public void WaitForChange(ExpertRoutes? routes, TimeSpan limit)
    {
        // Rows wait on the engine's thread, which is the test's.
        Waiting();
        Thread.Yield();
    }

    /// <summary>Called instead of waiting for other routes.</summary>
    public Action Waiting { get; set; } = () => { };

    /// <summary>Has the next so many batches fail on their way.</summary>
    public void FailNext(int batches) => _failing = batches;

    public ModelConfig Config => _checkpoint.Config;

    public int[] MoeLayers => [.. Enumerable.Range(0, Config.NumHiddenLayers).Where(Config.IsMoeLayer)];

    public ShardedExpertDispatcher Dispatcher { get; }

    /// <summary>That of a second microbatch.</summary>
    public ShardedExpertDispatcher Second { get; }

    /// <summary>Makes a shard of some experts. One of the engine's silo gets no thread: whatever were sent there would wait for ever.</summary>
    public ExpertShard Add(string device, bool here, params int[] experts)
    {
        ExpertBank bank = ExpertBank.Load(_checkpoint, MoeLayers.ToDictionary(layer => layer, _ => (IReadOnlyList<int>)experts));
        ExpertShard shard = new(new WorkerId(here ? "here" : "there", device), bank, experts.Length, _rig.Context(here ? _here : _there));
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
        Second.Dispose();
        _owned.ForEach(owned => owned.Dispose());
        Weights.Dispose();
        _checkpoint.Dispose();
        _rig.Dispose();
    }

    /// <summary>A data plane that loses batches when it is told to.</summary>
    private sealed class FailingPlane(IDataPlane plane, ShardRig rig) : IDataPlane
    {
        public string Address => plane.Address;

        public IKvRegistration RegisterKv(string device, IKvReceiver receiver) => plane.RegisterKv(device, receiver);

        public IDisposable RegisterExperts(string device, IExpertReceiver receiver) => plane.RegisterExperts(device, receiver);

        public IDisposable RegisterTokens(ITokenReceiver receiver) => plane.RegisterTokens(receiver);

        public void ExpectTokens(TokenChannelId channel, string worker) => plane.ExpectTokens(channel, worker);

        public IKvPush OpenKvPush(string address, string device, Guid ticket) => plane.OpenKvPush(address, device, ticket);

        public IExpertChannel OpenExperts(string address, string device) => new Channel(plane.OpenExperts(address, device), rig);

        public ITokenChannel OpenTokens(string address, string worker) => plane.OpenTokens(address, worker);

        private sealed class Channel(IExpertChannel channel, ShardRig rig) : IExpertChannel
        {
            public void Send(ExpertBatch batch)
            {
                if (rig._failing > 0)
                {
                    rig._failing--;
                    batch.Fail("it is busy");
                }
                else
                {
                    channel.Send(batch);
                }
            }

            public void Dispose() => channel.Dispose();
        }
    }
}
