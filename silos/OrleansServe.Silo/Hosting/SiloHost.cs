using System.Net;

using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using OrleansServe.Engine.Kv;
using OrleansServe.Gateway;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Silo.Probes;

using Prometheus;

namespace OrleansServe.Silo.Hosting;

/// <summary>One silo in this process, with everything that its roles ask for.</summary>
public sealed class SiloHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly LoadedModel _model;
    private readonly SiloOptions _options;
    private readonly ISiloMembership _membership;
    private readonly ProbeServer _probes;
    private readonly IProgress<LoadProgress> _progress;
    private bool _stopped;

    private SiloHost(IHost host, LoadedModel model, SiloOptions options, ISiloMembership membership, ProbeServer probes, IProgress<LoadProgress> progress)
    {
        _host = host;
        _model = model;
        _options = options;
        _membership = membership;
        _probes = probes;
        _progress = progress;
        Stopping.Register(() => probes.SetObstacle("Stopping."));
    }

    /// <summary>What the process does.</summary>
    public SiloRole Roles => _options.Roles;

    /// <summary>Name of its silo.</summary>
    public string SiloName => _options.SiloName;

    /// <summary>Whether it is one process of several.</summary>
    public bool IsOneOfSeveral => _options.Clustering.Redis is not null;

    /// <summary>Name that requests use for the model.</summary>
    public string ModelName => _model.ForWorkers.Name;

    /// <summary>SHA-256 of the weights, hexadecimal.</summary>
    public string WeightsFingerprint => _model.ForWorkers.WeightsFingerprint;

    /// <summary>What the model is.</summary>
    public ModelSummary Model => _model.Summary;

    /// <summary>Expert shards that it runs; none for a model without routed experts.</summary>
    public int ExpertShards => ShardsOf(_options, _model).Count;

    /// <summary>Cancelled when the host begins to stop: told to, or because a worker failed.</summary>
    public CancellationToken Stopping => _host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;

    /// <summary>What made a task of the host fail, which ends the host; null where none has. Known until the host is disposed of.</summary>
    public Exception? Failure => _host.Services.GetServices<IHostedService>()
        .OfType<BackgroundService>()
        .Select(service => service.ExecuteTask)
        .FirstOrDefault(task => task is { IsFaulted: true })?.Exception?.GetBaseException();

    /// <summary>KV memory of each prefill and each decode worker.</summary>
    public KvCapacity Kv => new(
        _options.KvBlocks,
        (long)_options.KvBlocks * KvLayout.BlockTokens,
        (long)_options.KvBlocks * KvLayout.BlockTokens * _model.Checkpoint.Config.KvWidth * sizeof(float)
            * (_options.SpeculativeTokens > 0 ? _model.Checkpoint.Config.KvLayers : _model.Checkpoint.Config.NumHiddenLayers));

    /// <summary>Requests that its gateway has in work; none where it has no gateway.</summary>
    public int RunningRequests => _options.Roles.HasFlag(SiloRole.Gateway) ? _host.Services.GetRunningRequests() : 0;

    /// <summary>How long running answers may go on once the host is told to stop.</summary>
    public TimeSpan DrainLimit => _options.DrainLimit;

    /// <summary>The host's services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>Where clients on this machine reach gRPC; known once the host has started.</summary>
    /// <exception cref="InvalidOperationException">The host has not started, or has no gateway.</exception>
    public Uri GrpcAddress => Reachable(new Uri(
        _host.Services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? throw new InvalidOperationException("The host does not serve gRPC.")));

    /// <summary>Where they reach metrics and probes.</summary>
    public Uri HttpAddress => Reachable(_probes.Address);

    /// <summary>Begins to answer probes, reads the model and puts the host together.</summary>
    /// <exception cref="SiloOptionsException">The settings do not make a cluster.</exception>
    /// <exception cref="OrleansServe.Model.ModelFormatException">The model folder is not sound.</exception>
    public static Task<SiloHost> BuildAsync(SiloOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellationToken) =>
        BuildAsync(options, engines: null, progress, cancellationToken);

    /// <summary>The same with engines other than the CPU's; null for the CPU's.</summary>
    /// <exception cref="SiloOptionsException">The settings do not make a cluster.</exception>
    /// <exception cref="OrleansServe.Model.ModelFormatException">The model folder is not sound.</exception>
    public static async Task<SiloHost> BuildAsync(SiloOptions options, EngineBuilder? engines, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ISiloMembership membership = SiloMembership.Create(options);
        CollectorRegistry metrics = SiloComposition.CreateRegistry();
        ProbeServer probes = await ProbeServer.StartAsync(options, metrics, cancellationToken);
        LoadedModel? model = null;
        try
        {
            BothProgress both = new(probes, progress);
            model = await Task.Run(() => LoadedModel.Load(options.Model, options.ModelName, options.Weights, both, cancellationToken, options.ExpertRows), cancellationToken);
            both.Report(new LoadProgress("starting the cluster"));
            return new SiloHost(SiloApplication.Build(options, model, ShardsOf(options, model), metrics, membership, engines), model, options, membership, probes, both);
        }
        catch
        {
            model?.Dispose();
            await probes.DisposeAsync();
            throw;
        }
    }

    /// <summary>Joins the cluster, starts the workers, and then listens.</summary>
    /// <exception cref="RedisUnreachableException">The cluster's Redis did not answer within its time.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _membership.PrepareAsync(
            (stage, obstacle) =>
            {
                _progress.Report(new LoadProgress(stage));
                _probes.SetObstacle(obstacle);
            },
            cancellationToken);
        _progress.Report(new LoadProgress("joining the cluster"));
        await _host.StartAsync(cancellationToken);
        _probes.Attach(_host.Services);
    }

    /// <summary>Waits until the process is told to stop, and stops in order: no new requests, running ones may end, workers, silo.</summary>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        await _host.WaitForShutdownAsync(cancellationToken);
        _stopped = true;
    }

    /// <summary>Waits until the host is told to stop, by a signal or a fault; it has yet to be stopped then.</summary>
    public async Task WaitUntilToldToStopAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration stopping = Stopping.Register(told.SetResult);
        await using CancellationTokenRegistration cancelled = cancellationToken.Register(() => told.TrySetResult());
        await told.Task;
    }

    /// <summary>Stops in order: no new requests, running ones may end within the limit or until the token is cancelled, workers, silo.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopped = true;
        await _host.StopAsync(cancellationToken);
    }

    /// <summary>Stops in order where that has not been done, and lets go of the model.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            // The host bounds the time of a stop itself.
            await StopAsync(CancellationToken.None);
        }

        // Workers read the mapped weights until the host is gone.
        await ((IAsyncDisposable)_host).DisposeAsync();
        _model.Dispose();
        await _probes.DisposeAsync();
    }

    private static ShardRange ShardsOf(SiloOptions options, LoadedModel model)
    {
        if (model.Summary.RoutedExperts == 0)
        {
            return default;
        }

        int own = options.Roles.HasFlag(SiloRole.Expert) ? options.ExpertShards : 0;
        int first = options.Clustering.FirstExpertShard;
        return own > 0 || options.Clustering.ClusterExpertShards is not null
            ? new ShardRange(own > 0 ? first : 0, own, options.Clustering.ClusterExpertShards ?? (first + own))
            : default;
    }

    private Uri Reachable(Uri bound)
    {
        IPAddress reachable = _options.Listen.Equals(IPAddress.Any) ? IPAddress.Loopback : _options.Listen.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : _options.Listen;
        return new UriBuilder(bound.Scheme, reachable.ToString(), bound.Port).Uri;
    }
}
