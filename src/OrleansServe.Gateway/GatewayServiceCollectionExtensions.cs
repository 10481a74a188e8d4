using System.IO.Compression;
using Grpc.AspNetCore.Server;
using Grpc.Net.Compression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Health;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Services;
using OrleansServe.Gateway.Sessions;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Gateway.Ledgers;
using OrleansServe.Gateway.Wire;
using OrleansServe.Transfer;
using Prometheus;
using Api = OrleansServe.Protocol.V1.InferenceService;

namespace OrleansServe.Gateway;

/// <summary>Adds the gateway to a silo's services.</summary>
public static class GatewayServiceCollectionExtensions
{
    private static readonly TimeSpan HealthPeriod = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds the inference API, gRPC health and reflection. Needs beside it: <see cref="GatewayModel"/>, <see cref="IGrainFactory"/>,
    /// <see cref="IClusterMembershipService"/>, <see cref="ILocalSiloDetails"/>, <see cref="IDataPlane"/>, <see cref="TimeProvider"/> and
    /// <see cref="IMetricFactory"/>.
    /// </summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="configure">Sets the options; they are validated when the host starts.</param>
    public static IServiceCollection AddOrleansServeGateway(this IServiceCollection services, Action<GatewayOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.AddOptions<GatewayOptions>().Configure(configure).ValidateOnStart();

        AddSessions(services);
        AddGrpc(services);
        return services;
    }

    private static void AddSessions(IServiceCollection services)
    {
        services.AddSingleton(provider => WorkerGrains.From(
            provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<GatewayModel>().Name));
        services.AddSingleton(provider => GatewayIdentity.Of(
            provider.GetRequiredService<ILocalSiloDetails>().Name, provider.GetRequiredService<GatewayModel>().KvFormat));
        services.AddSingleton(provider => new GatewayMetrics(
            provider.GetRequiredService<IMetricFactory>(), provider.GetRequiredService<GatewayModel>().Name));
        services.AddSingleton(provider => new TokenRouter(
            provider.GetRequiredService<IDataPlane>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<IOptions<GatewayOptions>>().Value.TokenTimeout,
            provider.GetRequiredService<ILogger<TokenRouter>>()));
        services.AddSingleton(provider =>
        {
            IClusterMembershipService membership = provider.GetRequiredService<IClusterMembershipService>();
            return new ClusterView(
                provider.GetRequiredService<WorkerGrains>(),
                () => ClusterView.SilosOf(membership),
                provider.GetRequiredService<GatewayModel>(),
                provider.GetRequiredService<IOptions<GatewayOptions>>(),
                provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<Notices>();
        services.AddHostedService(provider => provider.GetRequiredService<Notices>());
        services.AddSingleton<LeaseReleaser>();
        services.AddSingleton<SuspicionReporter>();
        services.AddSingleton(provider => new UsageMetrics(provider.GetRequiredService<IMetricFactory>()));
        services.AddSingleton(provider => UsageGrains.From(
            provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<GatewayModel>().Name));
        services.AddSingleton(provider => new UsageReader(
            provider.GetRequiredService<UsageGrains>(), provider.GetRequiredService<GatewayModel>().Name, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new UsageReporter(
            provider.GetRequiredService<UsageGrains>().Ledger,
            provider.GetRequiredService<UsageMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<UsageReporter>>()));
        services.AddHostedService(provider => provider.GetRequiredService<UsageReporter>());
        services.AddHostedService<CostMeter>();
        services.AddSingleton<AdminService>();
        services.AddSingleton<PlacementCalls>();
        services.AddSingleton<RequestPlacer>();
        services.AddSingleton<RequestIntake>();
        services.AddSingleton<RequestSlots>();
        services.AddSingleton<InferenceService>();
    }

    private static void AddGrpc(IServiceCollection services)
    {
        services.AddGrpc();
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<GatewayOptions>>(
            (grpc, gateway) =>
            {
                grpc.MaxReceiveMessageSize = gateway.Value.MaxRequestBytes;
                grpc.CompressionProviders =
                [
                    new BoundedCompression(new GzipCompressionProvider(CompressionLevel.Fastest), gateway.Value.MaxRequestBytes),
                    new BoundedCompression(new DeflateCompressionProvider(CompressionLevel.Fastest), gateway.Value.MaxRequestBytes),
                ];
            });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(health =>
        {
            health.Services.Clear();
            health.Services.Map(string.Empty, check => check.Tags.Contains(ReadinessCheck.Tag));
            health.Services.Map(Api.Descriptor.FullName, check => check.Tags.Contains(ReadinessCheck.Tag));
        }).AddCheck<ReadinessCheck>(ReadinessCheck.Name, HealthStatus.Unhealthy, [ReadinessCheck.Tag]);

        // Whoever watches the health service hears of a change within this time.
        services.Configure<HealthCheckPublisherOptions>(publisher =>
        {
            publisher.Delay = TimeSpan.Zero;
            publisher.Period = HealthPeriod;
        });
    }
}
