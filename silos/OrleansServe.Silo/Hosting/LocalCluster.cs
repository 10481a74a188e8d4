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
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Transfer;
using OrleansServe.Transfer.InProcess;

namespace OrleansServe.Silo.Hosting;

/// <summary>
/// Several silos in this process, each with a role of its own, the first one a gateway that listens. Any other can be crashed. What they log is not
/// shown: whoever crashes silos knows what they would say.
/// </summary>
public sealed class LocalCluster : IAsyncDisposable
{
    private readonly InProcessNetwork _network = new();
    private readonly LoadedModel _model;
    private readonly SiloOptions _options;
    private readonly Func<IDataPlane, IDataPlane> _gatewayPlane;
    private readonly List<(IHost Host, IDataPlane Plane)> _silos = [];
    private readonly List<Task> _crashed = [];
    private readonly IPEndPoint _founder = new(IPAddress.Loopback, FreePort());

    private LocalCluster(SiloOptions options, LoadedModel model, Func<IDataPlane, IDataPlane> gatewayPlane)
    {
        _options = options;
        _model = model;
        _gatewayPlane = gatewayPlane;
    }

    /// <summary>Where clients reach gRPC.</summary>
    public Uri GrpcAddress => new(_silos[0].Host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Starts a gateway silo and then the others. Their workers may take a moment more to report.</summary>
    /// <param name="options">The model, and the sizes of each silo; roles and names are the silos' own.</param>
    /// <param name="others">Roles of the silos behind the first.</param>
    /// <param name="gatewayPlane">Puts something between the gateway and its data plane.</param>
    /// <param name="progress">Told how the model is read.</param>
    /// <param name="cancellationToken">Gives the start up.</param>
    /// <exception cref="OrleansServe.Model.ModelFormatException">The model folder is not sound.</exception>
    public static async Task<LocalCluster> StartAsync(
        SiloOptions options,
        IReadOnlyList<SiloRole> others,
        Func<IDataPlane, IDataPlane> gatewayPlane,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(others);
        LoadedModel model = await Task.Run(() => LoadedModel.Load(options.Model, options.ModelName, options.Weights, progress, cancellationToken, options.ExpertRows), cancellationToken);
        LocalCluster cluster = new(options, model, gatewayPlane);
        try
        {
            progress?.Report(new LoadProgress("starting the silos"));
            foreach (SiloRole role in (IEnumerable<SiloRole>)[SiloRole.Gateway, .. others])
            {
                await cluster.StartAsync(role, cancellationToken);
            }

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

    /// <summary>Crashes a silo: its connections break, what it computes is lost, and nobody is told.</summary>
    /// <param name="silo">Its number; not the gateway's, which is 0.</param>
    public void Crash(int silo)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(silo, 1);
        (IHost host, IDataPlane plane) = _silos[silo];
        _network.Disconnect(plane.Address);
        _crashed.Add(Task.Run(() => EndAsync(host, new CancellationToken(canceled: true))));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_crashed);
        foreach ((IHost host, _) in Enumerable.Reverse(_silos))
        {
            await EndAsync(host, CancellationToken.None);
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

    private async Task StartAsync(SiloRole role, CancellationToken cancellationToken)
    {
        bool first = _silos.Count == 0;
        SiloOptions own = _options with { SiloName = NameOf(_silos.Count), Roles = role };
        IDataPlane plane = _network.Join(own.SiloName);
        IHost host = first ? BuildGateway(own, _gatewayPlane(plane)) : BuildWorker(own, plane);
        _silos.Add((host, plane));
        await host.StartAsync(cancellationToken);
    }

    private WebApplication BuildGateway(SiloOptions own, IDataPlane plane)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "OrleansServe.Silo", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo => Compose(silo, own, plane, _founder.Port, founder: null));
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
