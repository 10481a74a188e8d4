using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using OrleansServe.Transfer.Wire;

using Prometheus;

namespace OrleansServe.Silo.DataPlane;

/// <summary>Publishes what the data plane counts while the host runs, and ends it with the host's services, when the workers that use it have ended.</summary>
internal sealed class WireHost : IHostedService, IAsyncDisposable
{
    private readonly WireDataPlane _plane;

    public WireHost(WireDataPlane plane, WireLog log, ILogger logger, CollectorRegistry registry, DataPlaneMetrics metrics)
    {
        _plane = plane;
        log.Logger = logger;
        registry.AddBeforeCollectCallback(() => metrics.Publish(plane.Counters));
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _plane.DisposeAsync();
}
