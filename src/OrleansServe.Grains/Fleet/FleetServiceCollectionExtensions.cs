using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OrleansServe.Grains.Fleet.Kubernetes;
using OrleansServe.Grains.Instruments;
using OrleansServe.Policies.Scaling;
using Prometheus;

namespace OrleansServe.Grains.Fleet;

/// <summary>Registers the fleet grain's services.</summary>
public static class FleetServiceCollectionExtensions
{
    /// <summary>Has a gateway's silo decide on the fleet. The host provides what <see cref="GrainsServiceCollectionExtensions"/> asks for.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="options">How the fleet scales; wrong ones end the host's start.</param>
    /// <param name="adapter">Makes what starts and stops nodes.</param>
    /// <param name="time">The clock that decisions go by; null for the host's.</param>
    public static IServiceCollection AddFleet(this IServiceCollection services, ScalingOptions options, Func<IServiceProvider, IFleetAdapter> adapter, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(adapter);
        services.AddSingleton(provider => new FleetServices(
            options, adapter(provider), new FleetMetrics(provider.GetRequiredService<IMetricFactory>()), time ?? provider.GetRequiredService<TimeProvider>()));
        return services.AddHostedService<FleetDriver>();
    }

    /// <summary>Has a gateway's silo decide on the fleet and say so, and change nothing.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="options">How the fleet would scale.</param>
    public static IServiceCollection AddDryRunFleet(this IServiceCollection services, ScalingOptions options) =>
        services.AddFleet(options, static provider => new DryRunFleet(provider.GetRequiredService<ILogger<DryRunFleet>>()));

    /// <summary>Has a gateway's silo decide on a fleet whose nodes are pods of Kubernetes.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="options">How the fleet scales.</param>
    /// <param name="kubernetes">Where it is.</param>
    public static IServiceCollection AddKubernetesFleet(this IServiceCollection services, ScalingOptions options, KubernetesFleetOptions kubernetes)
    {
        ArgumentNullException.ThrowIfNull(kubernetes);
        services.AddSingleton(provider => new KubernetesFleet(kubernetes, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KubernetesFleet>>()));
        return services.AddFleet(options, static provider => provider.GetRequiredService<KubernetesFleet>());
    }
}
