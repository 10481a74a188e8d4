using System.Net;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using OrleansServe.Engine.Kv;
using OrleansServe.Gateway;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;

namespace OrleansServe.Silo.Hosting;

/// <summary>One silo in this process, with everything that its roles ask for.</summary>
public sealed class SiloHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly LoadedModel _model;
    private readonly SiloOptions _options;
    private bool _stopped;

    private SiloHost(WebApplication application, LoadedModel model, SiloOptions options, int expertShards)
    {
        _application = application;
        _model = model;
        _options = options;
        ExpertShards = expertShards;
    }

    /// <summary>Name that requests use for the model.</summary>
    public string ModelName => _model.ForWorkers.Name;

    /// <summary>SHA-256 of the weights, hexadecimal.</summary>
    public string WeightsFingerprint => _model.ForWorkers.WeightsFingerprint;

    /// <summary>What the model is.</summary>
    public ModelSummary Model => _model.Summary;

    /// <summary>Expert shards that it runs; none for a model without routed experts.</summary>
    public int ExpertShards { get; }

    /// <summary>Cancelled when the host begins to stop: told to, or because a worker failed.</summary>
    public CancellationToken Stopping => _application.Lifetime.ApplicationStopping;

    /// <summary>What made a task of the host fail, which ends the host; null where none has. Known until the host is disposed of.</summary>
    public Exception? Failure => _application.Services.GetServices<IHostedService>()
        .OfType<BackgroundService>()
        .Select(service => service.ExecuteTask)
        .FirstOrDefault(task => task is { IsFaulted: true })?.Exception?.GetBaseException();

    /// <summary>KV memory of each prefill and each decode worker.</summary>
    public KvCapacity Kv => new(
        _options.KvBlocks,
        (long)_options.KvBlocks * KvLayout.BlockTokens,
        (long)_options.KvBlocks * KvLayout.BlockTokens * _model.Checkpoint.Config.KvWidth * sizeof(float)
            * (_options.SpeculativeTokens > 0 ? _model.Checkpoint.Config.KvLayers : _model.Checkpoint.Config.NumHiddenLayers));

    /// <summary>Requests in work.</summary>
    public int RunningRequests => _application.Services.GetRunningRequests();

    /// <summary>How long running answers may go on once the host is told to stop.</summary>
    public TimeSpan DrainLimit => _options.DrainLimit;

    /// <summary>The host's services.</summary>
    public IServiceProvider Services => _application.Services;

    /// <summary>Where clients on this machine reach gRPC; known once the host has started.</summary>
    public Uri GrpcAddress => Address(0);

    /// <summary>Where they reach metrics and probes.</summary>
    public Uri HttpAddress => Address(1);

    /// <summary>Reads the model and puts the host together. Nothing listens yet.</summary>
    /// <exception cref="SiloOptionsException">The settings do not make a cluster.</exception>
    /// <exception cref="OrleansServe.Model.ModelFormatException">The model folder is not sound.</exception>
    public static async Task<SiloHost> BuildAsync(SiloOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        RequireWholeCluster(options);
        LoadedModel model = await Task.Run(() => LoadedModel.Load(options.Model, options.ModelName, options.Weights, progress, cancellationToken), cancellationToken);
        try
        {
            progress?.Report(new LoadProgress("starting the cluster"));
            int shards = options.Roles.HasFlag(SiloRole.Expert) && model.Summary.RoutedExperts > 0 ? options.ExpertShards : 0;
            return new SiloHost(EmbeddedCluster.Build(options, model, shards), model, options, shards);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Joins the cluster, starts the workers, and then listens.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _application.StartAsync(cancellationToken);

    /// <summary>Waits until the process is told to stop, and stops in order: no new requests, running ones may end, workers, silo.</summary>
    public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        await _application.WaitForShutdownAsync(cancellationToken);
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
        await _application.StopAsync(cancellationToken);
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
        await _application.DisposeAsync();
        _model.Dispose();
    }

    // The data plane of this host ends with its process, so that what a request passes through must all be here.
    private static void RequireWholeCluster(SiloOptions options)
    {
        const SiloRole Needed = SiloRole.Gateway | SiloRole.Prefill | SiloRole.Decode;
        if (!options.Roles.HasFlag(Needed))
        {
            throw new SiloOptionsException([$"--roles must have {SiloRoleList.Format(Needed)} in a cluster of one process, not only {SiloRoleList.Format(options.Roles)}"]);
        }
    }

    private Uri Address(int index)
    {
        ICollection<string>? addresses = _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses;
        if (addresses is null || addresses.Count <= index)
        {
            throw new InvalidOperationException("The host does not listen yet.");
        }

        Uri bound = new(addresses.ElementAt(index));
        IPAddress reachable = _options.Listen.Equals(IPAddress.Any) ? IPAddress.Loopback : _options.Listen.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : _options.Listen;
        return new UriBuilder(bound.Scheme, reachable.ToString(), bound.Port).Uri;
    }
}
