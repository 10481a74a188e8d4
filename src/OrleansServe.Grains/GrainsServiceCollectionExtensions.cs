using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OrleansServe.Grains.Experts.Plans;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Placement;
using OrleansServe.Grains.Scheduling;
using OrleansServe.Grains.Workers;
using Prometheus;

namespace OrleansServe.Grains;

/// <summary>Registers the grains' services.</summary>
public static class GrainsServiceCollectionExtensions
{
    /// <summary>
    /// Adds what the grains of a silo need, and the hosted service that starts its workers. The host provides <see cref="WorkerModel"/>,
    /// <see cref="Transfer.IDataPlane"/>, <see cref="LocalSiloRoles"/>, <see cref="IMetricFactory"/> and <see cref="TimeProvider"/>.
    /// </summary>
    public static IServiceCollection AddOrleansServeGrains(this IServiceCollection services, Action<WorkerOptions> configure)
    {
        services.AddOptions<WorkerOptions>().Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerOptionsValidator>();
        services.AddOptions<ServiceOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServiceOptions>, ServiceOptionsValidator>();
        services.AddOptions<SchedulerOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<SchedulerOptions>, SchedulerOptionsValidator>();
        services.AddOptions<ExpertPlanOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ExpertPlanOptions>, ExpertPlanOptionsValidator>();
        services.AddPlacementDirector<NodePlacementStrategy, NodePlacementDirector>();
        services.AddPlacementDirector<GatewayPlacementStrategy, GatewayPlacementDirector>();
        services.AddSingleton(provider => new SchedulerServices(new SchedulerMetrics(provider.GetRequiredService<IMetricFactory>())));
        services.AddSingleton(provider => new ExpertPlanServices(new ExpertPlanMetrics(provider.GetRequiredService<IMetricFactory>())));
        services.AddSingleton<WorkerCatalog>();
        services.AddSingleton<WorkerReadiness>();
        return services.AddHostedService<WorkerHost>();
    }
}
