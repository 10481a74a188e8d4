using Microsoft.Extensions.Diagnostics.HealthChecks;

using OrleansServe.Grains.Workers;

namespace OrleansServe.Silo.Probes;

/// <summary>A process without a gateway is ready while the scheduler takes its workers' reports; otherwise it says in one line why not.</summary>
/// <param name="workers">How far they are.</param>
internal sealed class WorkerReadinessCheck(WorkerReadiness workers) : IHealthCheck
{
    /// <summary>Name of the check.</summary>
    public const string Name = "orleansserve-workers";

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(workers.FindObstacle() is { } obstacle ? HealthCheckResult.Unhealthy(obstacle) : HealthCheckResult.Healthy("Ready."));
}
