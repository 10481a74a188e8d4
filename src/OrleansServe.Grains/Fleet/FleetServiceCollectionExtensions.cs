using Microsoft.Extensions.DependencyInjection;
using OrleansServe.Grains.Instruments;
using OrleansServe.Policies.Scaling;
using Prometheus;

namespace OrleansServe.Grains.Fleet;

/// <summary>Registers the fleet grain's services.</summary>
public static class FleetServiceCollectionExtensions
{
    /// <summary>Has a gateway's silo decide on the fleet. The host provides what <see cref="GrainsServiceCollectionExtensions"/> asks for.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="kind">What is done about decisions.</param>
    /// <param name="options">How the fleet scales.</param>
    /// <exception cref="ArgumentException">Options are wrong, or <paramref name="kind"/> is none.</exception>
    public static IServiceCollection AddOrleansServeFleet(this IServiceCollection services, FleetKind kind, ScalingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (kind == FleetKind.Off)
        {
            return services;
        }

        if (kind != FleetKind.DryRun)
        {
            throw new ArgumentException($"{kind} is no fleet", nameof(kind));
        }

        services.AddSingleton<IFleetAdapter, DryRunFleet>();
        services.AddSingleton(provider => new FleetServices(options, provider.GetRequiredService<IFleetAdapter>(), new FleetMetrics(provider.GetRequiredService<IMetricFactory>())));
        return services.AddHostedService<FleetDriver>();
    }
}
