using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansServe.Gateway;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Transfer;
using Prometheus;

namespace OrleansServe.TestKit.Clusters;

/// <summary>The gRPC server of one silo of a test cluster, and a client of it.</summary>
public sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly GrpcChannel _channel;

    private GatewayServer(WebApplication application)
    {
        _application = application;
        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _channel = GrpcChannel.ForAddress(address);
        Client = new InferenceService.InferenceServiceClient(_channel);
        Admin = new AdminService.AdminServiceClient(_channel);
    }

    public InferenceService.InferenceServiceClient Client { get; }

    public AdminService.AdminServiceClient Admin { get; }

    public static async Task<GatewayServer> StartAsync(IServiceProvider silo, LoadedModel model, IDataPlane dataPlane, ServingOptions serving)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton(silo.GetRequiredService<IGrainFactory>());
        builder.Services.AddSingleton(silo.GetRequiredService<IClusterMembershipService>());
        builder.Services.AddSingleton(silo.GetRequiredService<ILocalSiloDetails>());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(dataPlane);
        builder.Services.AddSingleton(model.ForGateway);
        builder.Services.AddSingleton(static _ => Metrics.NewCustomRegistry());
        builder.Services.AddSingleton<IMetricFactory>(static provider => Metrics.WithCustomRegistry(provider.GetRequiredService<CollectorRegistry>()));
        builder.Services.AddOrleansServeGateway(gateway => SiloComposition.Configure(gateway, serving));
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            // Tests have more streams on their one connection than a client usually has.
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1024;
            kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        WebApplication application = builder.Build();
        application.UseRouting();
        application.MapOrleansServeGateway();
        await application.StartAsync();
        return new GatewayServer(application);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
