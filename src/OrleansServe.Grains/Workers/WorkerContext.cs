using Microsoft.Extensions.Logging;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Transfer;

namespace OrleansServe.Grains.Workers;

/// <summary>What every worker of a silo is given.</summary>
internal sealed record WorkerContext(
    WorkerModel Model,
    WorkerOptions Options,
    ServiceOptions Service,
    IDataPlane DataPlane,
    TimeProvider Time,
    WorkerMetrics Metrics,
    ILogger Logger)
{
    /// <summary>Engines take turns on the thread pool instead of having a thread each.</summary>
    public bool PooledEngines { get; init; }
}
