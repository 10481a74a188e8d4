using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Grains;
using OrleansServe.Grains.Experts.Dispatch;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Transfer;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Transfer.Wire;
using Prometheus;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>An engine without routed experts on one silo, and every shard on one of its own; each opens the checkpoint for itself, as processes do.</summary>
internal sealed class ExpertParallelRig : IAsyncDisposable, IExpertRouteSource
{
    private readonly InProcessNetwork _network = new();
    private readonly string _folder;
    private readonly bool _tcp;
    private readonly List<IDataPlane> _planes = [];
    private readonly List<IDisposable> _owned = [];
    private readonly List<ExpertShard> _shards = [];

    /// <param name="folder">The model.</param>
    /// <param name="plan">Experts of each shard, the same in every layer.</param>
    /// <param name="tcp">Whether rows go over sockets.</param>
    public ExpertParallelRig(string folder, int[][] plan, bool tcp)
    {
        _folder = folder;
        _tcp = tcp;
        IDataPlane plane = Join("engine");
        for (int shard = 0; shard < plan.Length; shard++)
        {
            _shards.Add(Start($"shard{shard}", plan[shard]));
        }

        Checkpoint checkpoint = Own(Checkpoint.Open(folder));
        Weights = Own(ModelWeights.Load(checkpoint, new WeightsOptions { IncludeRoutedExperts = false }));
        ExpertRoutes routes = new([.. _shards.Select(shard => new ExpertRoutes.Shard(shard.Id, shard.Describe().DataPlaneAddress))], checkpoint.Config.KvLayers, checkpoint.Config.NRoutedExperts!.Value);
        for (int shard = 0; shard < plan.Length; shard++)
        {
            routes.AddAll(_shards[shard].Describe(), shard);
        }

        Current = routes;
        Dispatcher = Own(new ShardedExpertDispatcher(this, new WorkerCatalog(), plane, TimeSpan.FromSeconds(30), TimeProvider.System));
        Second = Own(new ShardedExpertDispatcher(this, new WorkerCatalog(), plane, TimeSpan.FromSeconds(30), TimeProvider.System));
    }

    public ModelWeights Weights { get; }

    public ShardedExpertDispatcher Dispatcher { get; }

    /// <summary>That of a second microbatch.</summary>
    public ShardedExpertDispatcher Second { get; }

    public ExpertRoutes? Current { get; }

    /// <summary>What each shard has computed.</summary>
    public IEnumerable<long> Rows => _shards.Select(shard => ShardRig.RowsOf(shard).Values.Sum());

    public void Distrust(ExpertRoutes routes) => throw new InvalidOperationException("A shard did not answer.");

    public void WaitForChange(ExpertRoutes? routes, TimeSpan limit) => throw new InvalidOperationException("An expert is nowhere.");

    public async ValueTask DisposeAsync()
    {
        foreach (ExpertShard shard in _shards)
        {
            await shard.DisposeAsync();
        }

        foreach (IDisposable owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }

        foreach (WireDataPlane plane in _planes.OfType<WireDataPlane>())
        {
            await plane.DisposeAsync();
        }
    }

    private ExpertShard Start(string node, int[] experts)
    {
        Checkpoint checkpoint = Own(Checkpoint.Open(_folder));
        int[] layers = [.. Enumerable.Range(0, checkpoint.Config.KvLayers).Where(checkpoint.Config.IsMoeLayer)];
        ExpertBank bank = Own(ExpertBank.Load(checkpoint, layers.ToDictionary(layer => layer, _ => (IReadOnlyList<int>)experts)));
        WorkerContext context = new(
            new WorkerModel("nano", checkpoint, "weights", new byte[] { 1 }),
            new WorkerOptions { Node = node },
            new ServiceOptions(),
            Join(node),
            TimeProvider.System,
            new WorkerMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())),
            NullLogger.Instance);
        ExpertShard shard = new(new WorkerId(node, "expert-0"), bank, experts.Length, context);
        shard.Start();
        return shard;
    }

    private IDataPlane Join(string name)
    {
        IDataPlane plane = _tcp
            ? new WireDataPlane(WirePair.Options(name, (ulong)_planes.Count + 1) with { PingInterval = TimeSpan.FromSeconds(5) }, new SocketTransport(), TimeProvider.System, new WireLog())
            : _network.Join(name);
        _planes.Add(plane);
        return plane;
    }

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
