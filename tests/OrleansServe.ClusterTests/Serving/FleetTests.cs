using Microsoft.Extensions.DependencyInjection;
using OrleansServe.Abstractions.Fleet;
using OrleansServe.Grains.Fleet;
using OrleansServe.Grains.Fleet.Kubernetes;
using OrleansServe.Policies.Scaling;
using OrleansServe.Silo.Options;
using OrleansServe.TestKit;
using OrleansServe.TestKit.Clusters;
using Prometheus;
using Xunit;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>The fleet grain sees the cluster's silos and decides on them.</summary>
public sealed class FleetTests
{
    [Fact]
    public async Task DecideAsync_DryRunOnThreeSilos_KeepsWhatThereIsAndSurvivesAMove()
    {
        SiloOptions sizes = new()
        {
            Model = RepositoryPaths.TinyR1,
            KvBlocks = 256,
            Threads = 1,
            Fleet = new FleetOptions
            {
                Kind = FleetKind.DryRun,
                Scaling = new ScalingOptions { DecisionInterval = TimeSpan.FromSeconds(1), Prefill = new RoleScaling { Maximum = 4 }, Decode = new RoleScaling { Minimum = 3, Maximum = 4 } },
            },
        };
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(sizes, new SiloSpec(SiloRole.Gateway), new SiloSpec(SiloRole.Gateway), new SiloSpec(SiloRole.Prefill | SiloRole.Decode));
        IFleetGrain fleet = cluster.Orleans.Client.GetGrain<IFleetGrain>(IFleetGrain.Key);

        FleetStatus first = await DecidedAsync(fleet, default);
        await cluster.KillAsync(0);
        FleetStatus second = await DecidedAsync(fleet, first.DecidedAt!.Value);

        Assert.Equal((1, 3, null), (first.PrefillUnits, first.DecodeUnits, first.Fault));
        Assert.Equal((1, 3, null), (second.PrefillUnits, second.DecodeUnits, second.Fault));
        Assert.Contains("prefill 1 units", second.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_PlatformThatCannotBeAsked_ChangesNothingAndSaysSo()
    {
        using SilentPlatform platform = new();
        SiloOptions sizes = new()
        {
            Model = RepositoryPaths.TinyR1,
            KvBlocks = 256,
            Threads = 1,
            Fleet = new FleetOptions
            {
                Kind = FleetKind.Kubernetes,
                Scaling = new ScalingOptions { DecisionInterval = TimeSpan.FromSeconds(1) },
                Kubernetes = new KubernetesFleetOptions { Server = platform.Address, Account = platform.Account, Attempts = 1 },
            },
        };
        await using TestServingCluster cluster = await TestServingCluster.StartAsync(sizes, new SiloSpec(SiloRole.Gateway), new SiloSpec(SiloRole.Prefill | SiloRole.Decode));
        IFleetGrain fleet = cluster.Orleans.Client.GetGrain<IFleetGrain>(IFleetGrain.Key);
        CollectorRegistry registry = cluster.Orleans.Silos.Single(silo => silo.Name == TestServingCluster.NameOf(0)).ServiceProvider.GetRequiredService<CollectorRegistry>();

        using CancellationTokenSource limit = new(TestServingCluster.Patience);
        while ((await fleet.GetStatusAsync().WaitAsync(limit.Token)).Fault is null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }

        FleetStatus status = await fleet.GetStatusAsync();
        Assert.Contains($"the API server at {platform.Address.Authority} did not do GET /apis/apps/v1/namespaces/serving/statefulsets/orleansserve-prefill/scale", status.Fault, StringComparison.Ordinal);
        Assert.Null(status.DecidedAt);
        Assert.Contains("orleansserve_fleet_unchangeable 1", await ExportAsync(registry), StringComparison.Ordinal);
        Assert.Contains("632", (await ChatAnswer.ReadAsync(cluster.Client().Chat(Questions.Ask("What is 347 + 285?")))).Text, StringComparison.Ordinal);
    }

    private static async Task<string> ExportAsync(CollectorRegistry registry)
    {
        using MemoryStream text = new();
        await registry.CollectAndExportAsTextAsync(text);
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }

    // The gateways have it decide, once a second.
    private static async Task<FleetStatus> DecidedAsync(IFleetGrain fleet, DateTimeOffset after)
    {
        using CancellationTokenSource limit = new(TestServingCluster.Patience);
        while (true)
        {
            FleetStatus? status = null;
            try
            {
                status = await fleet.GetStatusAsync().WaitAsync(limit.Token);
            }
            catch (Exception) when (!limit.IsCancellationRequested)
            {
                // The silo that held it is gone, and the next call finds it elsewhere.
            }

            if (status?.DecidedAt > after)
            {
                return status;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }
}
