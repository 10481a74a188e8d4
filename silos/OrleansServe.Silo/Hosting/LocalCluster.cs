using System.Net;
using System.Net.Sockets;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using OrleansServe.Gateway;
using OrleansServe.Grains.Fleet;
using OrleansServe.Policies.Scaling;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Transfer;
using OrleansServe.Transfer.InProcess;

namespace OrleansServe.Silo.Hosting;

/// <summary>
/// Several silos in this process, each with a role of its own, the first one a gateway that listens. Any other can be crashed, or stopped in order, and more
/// can be started. What they log is not shown: whoever crashes silos knows what they would say.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private readonly InProcessNetwork _network = new();
    private readonly LoadedModel _model;
    private readonly SiloOptions _options;
    private readonly Func<IDataPlane, IDataPlane> _gatewayPlane;
    private readonly Lock _lock = new();
    private readonly List<(IHost Host, IDataPlane Plane)> _silos = [];
    private readonly HashSet<int> _stopped = [];
    private readonly List<Task> _crashed = [];
    private readonly IPEndPoint _founder = new(IPAddress.Loopback, FreePort());

    private LocalCluster(SiloOptions options, LoadedModel model, Func<IDataPlane, IDataPlane> gatewayPlane, LocalScaling? scaling)
    {
        Fleet = scaling is null ? null : new LocalFleet(this, scaling);
        _options = options;
        _model = model;
        _gatewayPlane = gatewayPlane;
    }

    /// <summary>Where clients reach gRPC.</summary>
    public Uri GrpcAddress => new(_silos[0].Host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Starts and stops its silos as it is used; null where nobody does.</summary>
    internal LocalFleet? Fleet { get; }

    /// <summary>Starts a gateway silo and then the others. Their workers may take a moment more to report.</summary>
    /// <param name="options">The model, and the sizes of each silo; roles and names are the silos' own.</param>
    /// <param name="others">Roles of the silos behind the first.</param>
    /// <param name="gatewayPlane">Puts something between the gateway and its data plane.</param>
    /// <param name="progress">Told how the model is read.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <param name="scaling">Has silos started and stopped as the cluster is used; null for those that there are.</param>
    /// <exception cref="OrleansServe.Model.ModelFormatException">The model folder is not sound.</exception>
    public static async Task<LocalCluster> StartAsync(
        SiloOptions options,
        IReadOnlyList<SiloRole> others,
        Func<IDataPlane, IDataPlane> gatewayPlane,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken,
        LocalScaling? scaling = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(others);
        LoadedModel model = await Task.Run(() => LoadedModel.Load(options.Model, options.ModelName, options.Weights, progress, cancellationToken, options.ExpertRows), cancellationToken);
        LocalCluster cluster = new(options, model, gatewayPlane, scaling);
        try
        {
            progress?.Report(new LoadProgress("starting the silos"));
            foreach (SiloRole role in (IEnumerable<SiloRole>)[SiloRole.Gateway, .. others])
            {
                await cluster.StartSiloAsync(role, cancellationToken);
            }

            cluster.Fleet?.Begin(others);

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Name of a silo, the node of its workers.</summary>
    public static string NameOf(int silo) => $"silo-{silo}";

    /// <summary>Number of a silo by its name.</summary>
    /// <exception cref="FormatException">It is no silo's name.</exception>
    public static int NumberOf(string name) => NodeOrdinal.Of(name) ?? throw new FormatException($"'{name}' is no silo's name.");

    /// <summary>Crashes a silo: its connections break, what it computes is lost, and nobody is told.</summary>
    /// <param name="silo">Its number; not the gateway's, which is 0.</param>
    public void Crash(int silo)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(silo, 1);
        (IHost host, IDataPlane plane) = Find(silo);
        _network.Disconnect(plane.Address);
        _crashed.Add(Task.Run(() => EndAsync(host, new CancellationToken(canceled: true))));
    }

    /// <summary>Stops a silo in order: it takes nothing new, hands on what does not end in time, and leaves.</summary>
    /// <param name="silo">Its number; not the gateway's, which is 0.</param>
    public async Task StopSiloAsync(int silo)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(silo, 1);
        IHost host = Find(silo).Host;
        await EndAsync(host, CancellationToken.None);
        lock (_lock)
        {
            _stopped.Add(silo);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Fleet is not null)
        {
            await Fleet.DisposeAsync();
        }

        await Task.WhenAll(_crashed);
        for (int silo = _silos.Count - 1; silo >= 0; silo--)
        {
            if (!_stopped.Contains(silo))
            {
                await EndAsync(_silos[silo].Host, CancellationToken.None);
            }
        }

        _model.Dispose();
    }

    private static async Task EndAsync(IHost host, CancellationToken cancellationToken)
    {
        try
        {
            await host.StopAsync(cancellationToken);
        }
        catch (Exception fault) when (fault is OperationCanceledException or AggregateException or ObjectDisposedException)
        {
            // A crash is no orderly stop, and a crashed one is stopped already.
        }

        // Workers read the mapped weights until their host is gone.
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    /// <summary>Starts one more silo. Its workers may take a moment more to report.</summary>
    /// <param name="role">What it does.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <returns>Its number.</returns>
    internal async Task<int> StartSiloAsync(SiloRole role, CancellationToken cancellationToken)
    {
        int silo;
        IHost host;
        lock (_lock)
        {
            silo = _silos.Count;
            SiloOptions own = _options with { SiloName = NameOf(silo), Roles = role };
            IDataPlane plane = _network.Join(own.SiloName);
            host = silo == 0 ? BuildGateway(own, _gatewayPlane(plane)) : BuildWorker(own, plane);
            _silos.Add((host, plane));
        }

        try
        {
            await host.StartAsync(cancellationToken);
        }
        catch
        {
            // One that has not started cannot be stopped.
            lock (_lock)
            {
                _stopped.Add(silo);
            }

            await ((IAsyncDisposable)host).DisposeAsync();
            throw;
        }

        return silo;
    }

    private (IHost Host, IDataPlane Plane) Find(int silo)
    {
        lock (_lock)
        {
            return _silos[silo];
        }
    }

    private WebApplication BuildGateway(SiloOptions own, IDataPlane plane)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "OrleansServe.Silo", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo => Compose(silo, own, plane, _founder.Port, founder: null));
        if (Fleet is { } fleet)
        {
            builder.Services.AddFleet(fleet.Scaling.Options, _ => fleet, fleet.Scaling.Time);
        }

        builder.Services.AddSingleton(_model.ForGateway);
        builder.Services.AddOrleansServeGateway(gateway => SiloComposition.Configure(gateway, own.Serving));
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2));
        WebApplication application = builder.Build();
        application.UseRouting();
        application.MapOrleansServeGateway();
        return application;
    }

    private IHost BuildWorker(SiloOptions own, IDataPlane plane)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "OrleansServe.Silo", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo => Compose(silo, own, plane, FreePort(), _founder));
        return builder.Build();
    }

    private void Compose(ISiloBuilder silo, SiloOptions own, IDataPlane plane, int port, IPEndPoint? founder)
    {
        silo.UseLocalhostClustering(port, gatewayPort: 0, founder);
        silo.Configure<Orleans.Configuration.SiloOptions>(orleans => orleans.SiloName = own.SiloName);
        silo.AddOrleansServe(own, _model, plane, default);
    }

    // Orleans needs to know its port before it listens.
    private static int FreePort()
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
