using System.Collections.Immutable;
using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Ledgers;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Protocol.V1;
using OrleansServe.Transfer;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Tokens;
using OrleansServe.UnitTests.Gateway.Sessions;
using Prometheus;

namespace OrleansServe.UnitTests.Gateway.Services;

/// <summary>A gateway behind real sockets, before a fake cluster.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TokenChannelId _channel = TokenChannelId.Create();

    private GatewayServer(WebApplication application, FakeCluster cluster, GrpcChannel channel, HttpClient http)
    {
        _application = application;
        Cluster = cluster;
        Channel = channel;
        Http = http;
        Client = new InferenceService.InferenceServiceClient(channel);
    }

    public FakeCluster Cluster { get; }

    public GrpcChannel Channel { get; }

    public InferenceService.InferenceServiceClient Client { get; }

    /// <summary>HTTP/1.1, for health and metrics.</summary>
    public HttpClient Http { get; }

    public static async Task<GatewayServer> StartAsync(Action<GatewayOptions>? configure = null)
    {
        FakeCluster cluster = new();
        CollectorRegistry registry = Metrics.NewCustomRegistry();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, static endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IDataPlane>(new InProcessNetwork().Join("gateway"));
        builder.Services.AddSingleton(TinyModel.Instance);
        builder.Services.AddSingleton(registry);
        builder.Services.AddSingleton<IMetricFactory>(Metrics.WithCustomRegistry(registry));
        builder.Services.AddSingleton<ILocalSiloDetails>(new LocalSilo());
        builder.Services.AddSingleton<IClusterMembershipService>(new Membership());
        builder.Services.AddOrleansServeGateway(configure ?? (static _ => { }));
        builder.Services.AddSingleton(cluster.Grains);
        AnyLedger ledger = new();
        builder.Services.AddSingleton(new UsageGrains(_ => ledger, ledger, ledger));

        WebApplication application = builder.Build();
        application.UseRouting();
        application.MapOrleansServeGateway();
        await application.StartAsync();
        string[] addresses = [.. application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        return new GatewayServer(
            application, cluster, GrpcChannel.ForAddress(addresses[0]), new HttpClient { BaseAddress = new Uri(addresses[1]) });
    }

    /// <summary>Sends a token as the decode worker would.</summary>
    public void Send(Guid request, int index, int token, TokenStreamEnd end = TokenStreamEnd.None)
    {
        TokenFrame frame = new();
        frame.Add(request, index, token, 0, [], [], end);
        _application.Services.GetRequiredService<TokenRouter>().OnFrame(_channel, frame);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        Http.Dispose();
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private sealed class LocalSilo : ILocalSiloDetails
    {
        public string Name => "gateway";

        public string ClusterId => "test";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress { get; } = SiloAddress.New(IPAddress.Loopback, 11111, 1);

        public SiloAddress GatewayAddress => SiloAddress;
    }

    private sealed class Membership : IClusterMembershipService
    {
        public ClusterMembershipSnapshot CurrentSnapshot { get; } = new(
            ImmutableDictionary<SiloAddress, ClusterMember>.Empty
                .Add(SiloAddress.New(IPAddress.Loopback, 2, 7), new ClusterMember(SiloAddress.New(IPAddress.Loopback, 2, 7), SiloStatus.Active, "silo-b"))
                .Add(SiloAddress.New(IPAddress.Loopback, 1, 7), new ClusterMember(SiloAddress.New(IPAddress.Loopback, 1, 7), SiloStatus.Dead, "silo-a")),
            new MembershipVersion(1));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
    }
}
