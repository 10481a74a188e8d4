using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.TestingHost;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.DataPlane;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Transfer;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;
using SchedulerOptions = OrleansServe.Grains.Options.SchedulerOptions;

namespace OrleansServe.TestKit.Clusters;

/// <summary>
/// Several silos in this process with roles of their own, the real grains, engines and model, and a gRPC server in front of each gateway silo. A
/// silo can be stopped in order or killed.
/// </summary>
public sealed class TestServingCluster : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // A machine that is short of processors may be slow to answer; whoever is killed is missed at once, for his connections break.
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(5);

    private readonly List<SiloSpec> _specs;
    private readonly SiloOptions _sizes;
    private readonly LoadedModel _model;
    private readonly InProcessNetwork _network = new();
    private readonly Dictionary<string, IDataPlane> _planes = [];
    private readonly Dictionary<int, GatewayServer> _gateways = [];
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly Lock _killing = new();
    private Task _kills = Task.CompletedTask;
    private int _named;
    private InProcessTestCluster _cluster = null!;

    private TestServingCluster(IReadOnlyList<SiloSpec> specs, SiloOptions sizes)
    {
        _specs = [.. specs];
        _sizes = sizes;
        _model = LoadedModel.Load(sizes.Model, "tiny-r1", sizes.Weights, progress: null, CancellationToken.None, sizes.ExpertRows);
    }

    public InProcessTestCluster Orleans => _cluster;

    /// <summary>Holds the streams of all gateways back.</summary>
    public TokenGate Gate { get; } = new();

    /// <summary>What the silos logged as errors.</summary>
    public FaultLog Faults { get; } = new();

    public ISchedulerGrain Scheduler => _cluster.Client.GetGrain<ISchedulerGrain>("tiny-r1");

    /// <summary>Keeps the experts' plan.</summary>
    public IExpertPlanGrain Plans => _cluster.Client.GetGrain<IExpertPlanGrain>("tiny-r1");

    /// <summary>What the data planes of a cluster over TCP told.</summary>
    public WireFaultLog Wire { get; } = new();

    /// <summary>Starts the silos and waits until their workers report.</summary>
    /// <param name="modelFolder">The model.</param>
    /// <param name="specs">The silos; silo i is named by <see cref="NameOf"/>.</param>
    public static Task<TestServingCluster> StartAsync(string modelFolder, params SiloSpec[] specs) =>
        StartAsync(new SiloOptions { Model = modelFolder, KvBlocks = 256, Threads = 1 }, specs);

    /// <summary>Starts silos with options of the test's own.</summary>
    /// <param name="sizes">The model and the sizes of its workers; names and roles are the silos' own.</param>
    /// <param name="specs">The silos; silo i is named by <see cref="NameOf"/>.</param>
    public static async Task<TestServingCluster> StartAsync(SiloOptions sizes, params SiloSpec[] specs)
    {
        TestServingCluster cluster = new(specs, sizes);
        try
        {
            await cluster.DeployAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a silo's data plane over TCP has counted.</summary>
    public WireCounters CountersOf(int silo) => ((WireDataPlane)_planes[NameOf(silo)]).Counters;

    public static string NameOf(int silo) => $"Silo_{silo}";

    /// <summary>A client of a gateway silo.</summary>
    public InferenceService.InferenceServiceClient Client(int silo = 0) => _gateways[silo].Client;

    /// <summary>An operator of a gateway silo.</summary>
    public AdminService.AdminServiceClient Admin(int silo = 0) => _gateways[silo].Admin;

    /// <summary>Kills a silo: what it was computing is lost, and its peers see their connections to it break. Opens the gate once they have.</summary>
    public async Task KillAsync(int silo)
    {
        Disconnect(silo);
        Gate.Open();
        Task kill = _cluster.KillSiloAsync(HandleOf(silo));
        lock (_killing)
        {
            _kills = Task.WhenAll(_kills, kill);
        }

        await kill;

        // The wait is for the silos that there are when it begins: one that comes or goes meanwhile would make it last a minute.
        await _changing.WaitAsync();
        try
        {
            await _kills;
            await _cluster.WaitForLivenessToStabilizeAsync(didKill: true);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Starts one more silo, and waits until its workers report.</summary>
    /// <param name="roles">What it does.</param>
    /// <returns>Its number.</returns>
    public Task<int> StartSiloAsync(SiloRole roles) => StartSiloAsync(new SiloSpec(roles));

    /// <summary>Starts one more silo, and waits until its workers report.</summary>
    /// <param name="spec">What it does.</param>
    /// <returns>Its number.</returns>
    public async Task<int> StartSiloAsync(SiloSpec spec)
    {
        // A silo gets the next number: one after the other.
        await _changing.WaitAsync();
        int silo = _specs.Count;
        try
        {
            _specs.Add(spec);
            await _cluster.StartAdditionalSiloAsync();
        }
        finally
        {
            _changing.Release();
        }

        int workers = Count(spec, SiloRole.Prefill) + Count(spec, SiloRole.Decode) + spec.Shards.Count;
        await WaitForWorkersAsync(snapshot => snapshot.Workers.Count(worker => worker.Worker.Node == NameOf(silo)) == workers);
        return silo;
    }

    /// <summary>Stops a silo in order.</summary>
    public async Task StopAsync(int silo)
    {
        await _cluster.StopSiloAsync(HandleOf(silo));
        Disconnect(silo);
    }

    /// <summary>Waits until the scheduler's workers are as wanted: a barrier, polled because workers report by themselves.</summary>
    public async Task WaitForWorkersAsync(Func<SchedulerSnapshot, bool> wanted)
    {
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            try
            {
                if (wanted(await Scheduler.GetSnapshotAsync().WaitAsync(patience.Token)))
                {
                    return;
                }
            }
            catch (SiloUnavailableException)
            {
                // The scheduler is on its way to another silo.
            }

            await Task.Delay(20, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (GatewayServer gateway in _gateways.Values)
        {
            await gateway.DisposeAsync();
        }

        if (_cluster is not null)
        {
            foreach (InProcessSiloHandle silo in _cluster.Silos)
            {
                await silo.ServiceProvider.GetRequiredService<WorkerCatalog>().CheckIntegrityAsync().WaitAsync(Patience);
            }

            await _cluster.DisposeAsync();
        }

        foreach (WireDataPlane plane in _planes.Values.OfType<WireDataPlane>())
        {
            await plane.DisposeAsync();
        }

        _model.Dispose();
        _changing.Dispose();
    }

    private void Disconnect(int silo)
    {
        IDataPlane plane = _planes[NameOf(silo)];
        if (plane is WireDataPlane wire)
        {
            wire.Break();
        }
        else
        {
            _network.Disconnect(plane.Address);
        }
    }

    private static int Count(SiloSpec spec, SiloRole role) => spec.Roles.HasFlag(role) ? 1 : 0;

    private async Task DeployAsync()
    {
        InProcessTestClusterBuilder builder = new((short)_specs.Count);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            // The test host counts the silos that live, so that after a loss it would give a living silo's name to the next one.
            int index = Interlocked.Increment(ref _named) - 1;
            options.SiloName = NameOf(index);
            SiloOptions own = _sizes with { SiloName = options.SiloName, Roles = _specs[index].Roles };
            IDataPlane plane = own.DataPlane.Kind == DataPlaneKind.Tcp
                ? new WireDataPlane(DataPlaneComposition.ToWire(own) with { PingInterval = PingInterval }, new SocketTransport(), TimeProvider.System, Wire)
                : _network.Join(options.SiloName);
            lock (_planes)
            {
                _planes[options.SiloName] = plane;
            }

            silo.AddOrleansServe(own, _model, plane, _specs[index].Shards);
            silo.Services.AddSingleton<ILoggerProvider>(Faults);
            silo.Configure<SchedulerOptions>(scheduler => scheduler.WorkerTimeout = TimeSpan.FromSeconds(5));
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        await _cluster.WaitForLivenessToStabilizeAsync();
        await _cluster.WaitForClusterManifestToStabilizeAsync();
        for (int i = 0; i < _specs.Count; i++)
        {
            if (_specs[i].Roles.HasFlag(SiloRole.Gateway))
            {
                _gateways[i] = await GatewayServer.StartAsync(HandleOf(i).ServiceProvider, _model, Gate.Guard(_planes[NameOf(i)]), _sizes.Serving);
            }
        }

        int prefill = _specs.Sum(spec => Count(spec, SiloRole.Prefill));
        int decode = _specs.Sum(spec => Count(spec, SiloRole.Decode));
        await WaitForWorkersAsync(snapshot =>
            snapshot.Workers.Count(worker => worker.Role == WorkerRole.Prefill) == prefill
            && snapshot.Workers.Count(worker => worker.Role == WorkerRole.Decode) == decode);
    }

    private InProcessSiloHandle HandleOf(int silo) => _cluster.Silos.Single(handle => handle.Name == NameOf(silo));
}
