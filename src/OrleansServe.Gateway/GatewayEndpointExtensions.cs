using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OrleansServe.Gateway.Health;
using OrleansServe.Gateway.Services;
using OrleansServe.Gateway.Tokens;
using Prometheus;

namespace OrleansServe.Gateway;

/// <summary>Adds the gateway to a silo's endpoints.</summary>
public static class GatewayEndpointExtensions
{
    /// <summary>
    /// Maps the inference API with gRPC health and reflection; <c>/healthz</c>, which answers while the process does; <c>/readyz</c>, which answers
    /// 200 while requests can be served and otherwise 503 with one line that says why not; and <c>/metrics</c>.
    /// </summary>
    /// <param name="endpoints">The silo's endpoints; <see cref="CollectorRegistry"/> is taken from its services.</param>
    public static void MapOrleansServeGateway(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);

        // Made before the first request, and with it the registration under which tokens arrive.
        _ = endpoints.ServiceProvider.GetRequiredService<TokenRouter>();
        endpoints.MapGrpcService<InferenceService>();
        endpoints.MapGrpcService<AdminService>();
        endpoints.MapGrpcHealthChecksService();
        endpoints.MapGrpcReflectionService();
        endpoints.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = static _ => false });
        endpoints.MapHealthChecks("/readyz", new HealthCheckOptions
        {
            Predicate = static check => check.Tags.Contains(ReadinessCheck.Tag),
            ResponseWriter = WriteReadinessAsync,
        });
        endpoints.MapMetrics("/metrics", endpoints.ServiceProvider.GetRequiredService<CollectorRegistry>());
    }

    private static Task WriteReadinessAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        string line = string.Join(' ', report.Entries.Values.Select(entry => entry.Description));
        return context.Response.WriteAsync(line + "\n", context.RequestAborted);
    }
}
