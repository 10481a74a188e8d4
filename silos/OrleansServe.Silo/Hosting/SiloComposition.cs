using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

using Orleans.Runtime.MembershipService.SiloMetadata;

using OrleansServe.Gateway.Options;
using OrleansServe.Grains;
using OrleansServe.Grains.Fleet;
using OrleansServe.Grains.Experts.Plans;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Placement;
using OrleansServe.Grains.Usage;
using OrleansServe.Policies.Pricing;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;
using OrleansServe.Transfer;

using Prometheus;

namespace OrleansServe.Silo.Hosting;

/// <summary>What makes a silo of this cluster out of an Orleans silo, whoever hosts it.</summary>
public static class SiloComposition
{
    /// <summary>Adds workers by role, the silo's metadata, and what both need.</summary>
    /// <param name="silo">The Orleans silo.</param>
    /// <param name="options">Roles and sizes.</param>
    /// <param name="model">The model served.</param>
    /// <param name="dataPlane">The silo's end of the data plane.</param>
    /// <param name="shards">Which expert shards are this silo's, and how many there are in the cluster.</param>
    public static ISiloBuilder AddOrleansServe(this ISiloBuilder silo, SiloOptions options, LoadedModel model, IDataPlane dataPlane, ShardRange shards)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(model);
        string roles = SiloRoleList.Format(options.Roles);
        silo.UseSiloMetadata(new Dictionary<string, string> { [SiloRoles.MetadataKey] = roles });
        silo.Services.AddSingleton(new LocalSiloRoles(roles));
        silo.Services.AddSingleton(TimeProvider.System);
        silo.Services.AddSingleton(dataPlane);
        silo.Services.AddSingleton(model.ForWorkers);
        silo.Services.TryAddSingleton(static _ => CreateRegistry());
        silo.Services.AddSingleton<IMetricFactory>(provider =>
        {
            IMetricFactory factory = Metrics.WithCustomRegistry(provider.GetRequiredService<CollectorRegistry>());
            BuildInfo.Publish(factory, options.SiloName, model.ForWorkers.Name, model.ForWorkers.WeightsFingerprint, roles);
            return factory;
        });
        silo.Services.AddOrleansServeGrains(workers => Configure(workers, options, shards));
        silo.Services.AddSingleton(new PriceBook(options.Prices));
        if (options.Clustering.Redis is null)
        {
            // One process is the whole cluster: its ledger lasts as long as it does.
            silo.AddMemoryGrainStorage(UsageStorage.Provider);
            silo.AddMemoryGrainStorage(ExpertStorage.Provider);
        }

        if (options.Roles.HasFlag(SiloRole.Gateway) && options.Fleet is { Kind: not FleetKind.Off, Scaling: { } scaling })
        {
            _ = options.Fleet.Kind == FleetKind.Kubernetes
                ? silo.Services.AddKubernetesFleet(scaling, options.Fleet.Kubernetes)
                : silo.Services.AddDryRunFleet(scaling);
        }

        silo.Services.Configure<ServiceOptions>(service => Configure(service, options.Serving));
        silo.Services.Configure<ExpertPlanOptions>(plan =>
        {
            plan.RebalancePeriod = options.Experts.RebalancePeriod;
            plan.LeastGain = options.Experts.RebalanceGain;
            plan.MostMoved = options.Experts.RebalanceMoves;
            plan.RetireDelay = options.Experts.RetireDelay;
        });
        silo.Services.Configure<SchedulerOptions>(scheduler =>
        {
            scheduler.MaxQueuedRequests = options.Serving.MaxQueuedRequests;
            scheduler.MaxQueueTime = options.Serving.MaxQueueTime;
            scheduler.MaxQueuedTokens = options.Serving.MaxQueuedTokens;
            scheduler.MaxRequestsPerDecodeWorker = Math.Min(options.MaxRequests, options.MaxBatchTokens);
        });
        return silo;
    }

    /// <summary>Gives a gateway the limits that a host is told.</summary>
    public static void Configure(GatewayOptions gateway, ServingOptions serving)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        ArgumentNullException.ThrowIfNull(serving);
        gateway.MaxConcurrentRequests = serving.MaxConcurrentRequests;
        gateway.MaxRequestBytes = serving.MaxRequestBytes;
        gateway.PrefillSilence = serving.PrefillSilence;
        gateway.TokenTimeout = serving.TokenTimeout;
        gateway.MaxResumes = serving.MaxResumes;
        gateway.ResumeTimeout = serving.ResumeTimeout;
    }

    /// <summary>Where the metrics of a process are kept.</summary>
    internal static CollectorRegistry CreateRegistry()
    {
        CollectorRegistry registry = Metrics.NewCustomRegistry();
        DotNetStats.Register(registry);
        return registry;
    }

    private static void Configure(ServiceOptions service, ServingOptions serving)
    {
        (service.Interactive.FirstToken, service.Interactive.BetweenTokens) = (serving.InteractiveFirstToken, serving.InteractiveBetweenTokens);
        (service.Standard.FirstToken, service.Standard.BetweenTokens) = (serving.StandardFirstToken, serving.StandardBetweenTokens);
        (service.Batch.FirstToken, service.Batch.BetweenTokens) = (serving.BatchFirstToken, serving.BatchBetweenTokens);
        service.Overcommit = serving.Overcommit;
        service.PromptFloor = serving.PromptFloor;
    }

    private static void Configure(WorkerOptions workers, SiloOptions options, ShardRange shards)
    {
        workers.Node = options.SiloName;
        workers.PrefillWorkers = options.Roles.HasFlag(SiloRole.Prefill) ? options.PrefillWorkers : 0;
        workers.DecodeWorkers = options.Roles.HasFlag(SiloRole.Decode) ? options.DecodeWorkers : 0;
        workers.ExpertShards = shards.Count;
        workers.FirstExpertShard = shards.First;
        workers.ClusterExpertShards = shards.OfCluster;
        workers.ExpertSlots = options.Experts.Slots;
        workers.ExpertPlan = options.Experts.Plan;
        workers.ExpertWait = options.Experts.Wait;
        workers.ExpertLoadBytesPerSecond = options.Experts.LoadBytesPerSecond;
        workers.KvBlocks = options.KvBlocks;
        workers.MaxBatchTokens = options.MaxBatchTokens;
        workers.MaxRequests = options.MaxRequests;
        workers.SpeculativeTokens = options.SpeculativeTokens;
        workers.Threads = options.Threads;
        workers.OverlapRows = options.OverlapRows;
        workers.DrainLimit = options.DrainLimit;
    }
}
