using Microsoft.Extensions.DependencyInjection;
using OrleansServe.Gateway.Health;
using OrleansServe.Gateway.Services;

namespace OrleansServe.Gateway;

/// <summary>What a host may know of its gateway.</summary>
public static class GatewayStatusExtensions
{
    /// <summary>Tag of the health checks that readiness depends on.</summary>
    public const string ReadinessTag = ReadinessCheck.Tag;

    /// <summary>Requests that the gateway of a host has in work.</summary>
    /// <param name="services">The host's services, with a gateway among them.</param>
    public static int GetRunningRequests(this IServiceProvider services) => services.GetRequiredService<RequestSlots>().Taken;
}
