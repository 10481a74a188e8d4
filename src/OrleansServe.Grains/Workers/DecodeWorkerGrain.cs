using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Placement;
using OrleansServe.Grains.Workers.Decode;

namespace OrleansServe.Grains.Workers;

/// <summary>Façade of a decode worker. Reentrant: it only hands requests to the engine's thread.</summary>
[NodePlacement, Reentrant]
public sealed class DecodeWorkerGrain(WorkerCatalog catalog) : Grain, IDecodeWorkerGrain
{
    private WorkerId Id => WorkerId.Parse(this.GetPrimaryKeyString());

    /// <inheritdoc/>
    public Task<ReserveResult> ReserveAsync(ReserveRequest request, CancellationToken cancellationToken) =>
        catalog.TryGet(Id, out DecodeWorker? worker)
            ? worker.ReserveAsync(request)
            : Task.FromResult(new ReserveResult(null, Absent, true) { Ended = true });

    /// <inheritdoc/>
    public Task<DecodeResult> DecodeAsync(DecodeRequest request, CancellationToken cancellationToken) =>
        catalog.TryGet(Id, out DecodeWorker? worker)
            ? worker.DecodeAsync(request)
            : Task.FromResult(new DecodeResult(false, Absent, true) { Ended = true });

    /// <inheritdoc/>
    public Task ReleaseAsync(Guid requestId) =>
        catalog.TryGet(Id, out DecodeWorker? worker) ? worker.ReleaseAsync(requestId) : Task.CompletedTask;

    /// <inheritdoc/>
    public Task ReleaseSampleAsync(Guid requestId, int sample) =>
        catalog.TryGet(Id, out DecodeWorker? worker) ? worker.ReleaseSampleAsync(requestId, sample) : Task.CompletedTask;

    private string Absent => $"silo {Id.Node} has no decode worker {Id.Device}";
}
