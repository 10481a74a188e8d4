using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Grpc.Core;
using OrleansServe.EndToEndTests.Support;
using OrleansServe.Grains.Fleet;
using OrleansServe.Policies.Pricing;
using OrleansServe.Policies.Scaling;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit.Clients;
using OrleansServe.TestKit.Clusters;
using OrleansServe.TestKit.Servers;
using Xunit;

namespace OrleansServe.EndToEndTests.Monitoring;

/// <summary>A cluster under load, scraped by a real Prometheus: every panel shows something, every rule is alive, and an alert that is provoked fires.</summary>
public sealed partial class MonitoredClusterTests : IAsyncLifetime
{
    // What R1 was sold for, and an H800 rented for, when DeepSeek described its service.
    private static readonly PriceList Prices = new()
    {
        GpuHourPrice = 2,
        GpusPerNode = 8,
        Models = [new ModelPrices { Model = "*", Usual = new TokenPrices(0.14m, 0.55m, 2.19m) }],
    };

    private static readonly FleetOptions Fleet = new() { Kind = FleetKind.DryRun, Scaling = new ScalingOptions { DecisionInterval = TimeSpan.FromSeconds(1), GpuHourPrice = 2 } };

    // Rates need two scrapes; a few more make sure that counters moved between them.
    private const int Scrapes = 8;
    private ServerFixture? _server;
    private PrometheusServer? _prometheus;
    private IPEndPoint? _dataPlane;

    public async Task InitializeAsync()
    {
        if (!Client.Prometheus.IsInstalled)
        {
            return;
        }

        _dataPlane = new IPEndPoint(IPAddress.Loopback, FreePort.Take());
        _server = await ServerFixture.StartAsync(options => options with { Prices = Prices, Fleet = Fleet, DataPlane = options.DataPlane with { Kind = DataPlaneKind.Tcp, Port = _dataPlane.Port } });
        _prometheus = await PrometheusServer.StartAsync(_server.HttpAddress);
    }

    public async Task DisposeAsync()
    {
        if (_prometheus is not null)
        {
            await _prometheus.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [ClientFact(ClientTheoryAttribute.PrometheusName)]
    public async Task Cluster_UnderLoad_FillsEveryPanelAndRule()
    {
        PrometheusServer prometheus = _prometheus!;
        await PrometheusServer.PollAsync(
            async () =>
            {
                await LoadAsync(_server!.Client);
                return (await prometheus.QueryAsync("count_over_time(up[5m])")).Any(count => count >= Scrapes)
                    // There is no cost until nodes have been counted twice.
                    && (await prometheus.QueryAsync("orleansserve_margin_ratio")).Count > 0;
            },
            $"{Scrapes} scrapes and a margin");

        List<string> empty = [];
        foreach ((string where, string expression) in Dashboards.Queries().Concat(await AskedByRulesAsync()))
        {
            if (await prometheus.QueryAsync(expression) is [])
            {
                empty.Add($"{where}: {expression}");
            }
        }

        Assert.Empty(empty);
        Assert.All(await prometheus.RulesAsync(), rule => Assert.True(rule.GetProperty("health").GetString() == "ok", rule.ToString()));
    }

    [ClientFact(ClientTheoryAttribute.PrometheusName)]
    public async Task Alert_StrangerDialsTheDataPlane_Fires()
    {
        PrometheusServer prometheus = _prometheus!;

        await PrometheusServer.PollAsync(
            async () =>
            {
                // An increase is seen between two scrapes only, so that a single stranger before the first would go unnoticed.
                using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await stranger.ConnectAsync(_dataPlane!);
                await stranger.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
                return (await prometheus.QueryAsync("""ALERTS{alertname="OrleansServePeersRefused", alertstate="firing"}""")).Count > 0;
            },
            "the alert");

        // Nobody else was disturbed.
        Assert.Contains("632", (await Answer.ReadAsync(_server!.Client.Chat(Questions.Ask(Questions.Sum)))).Text, StringComparison.Ordinal);
    }

    private static async Task LoadAsync(InferenceService.InferenceServiceClient client)
    {
        Priority[] priorities = [Priority.Interactive, Priority.Standard, Priority.Batch];
        await Task.WhenAll(priorities.Select(async priority =>
        {
            ChatRequest request = Questions.Ask(Questions.Sum);
            request.Scheduling = new SchedulingOptions { Priority = priority };
            using AsyncServerStreamingCall<GenerateResponse> call = client.Chat(request);
            await foreach (GenerateResponse unused in call.ResponseStream.ReadAllAsync())
            {
                Assert.NotNull(unused);
            }
        }));
    }

    // What a recording rule computes must be there; an alert's own expression holds only when something is wrong, so that its metrics are asked for.
    private async Task<IEnumerable<(string Where, string Expression)>> AskedByRulesAsync() =>
        (await _prometheus!.RulesAsync()).SelectMany(rule =>
        {
            string name = rule.GetProperty("name").GetString()!;
            string query = rule.GetProperty("query").GetString()!;
            return rule.GetProperty("type").GetString() == "recording"
                ? [(name, query)]
                : Metric().Matches(query).Select(match => (name, match.Value)).Distinct();
        });

    [GeneratedRegex(@"\w*:?orleansserve_[\w:]+")]
    private static partial Regex Metric();
}
