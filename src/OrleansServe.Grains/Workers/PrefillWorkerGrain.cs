using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Placement;
using OrleansServe.Grains.Workers.Prefill;

namespace OrleansServe.Grains.Workers;

/// <summary>Façade of a prefill worker. Reentrant: it only hands requests to the engine's thread.</summary>
[NodePlacement, Reentrant]
public sealed class PrefillWorkerGrain(WorkerCatalog catalog) : Grain, IPrefillWorkerGrain
{
    /// <inheritdoc/>
    public Task<PrefillResult> PrefillAsync(PrefillRequest request, CancellationToken cancellationToken)
    {
        WorkerId id = WorkerId.Parse(this.GetPrimaryKeyString());
        return catalog.TryGet(id, out PrefillWorker? worker)
            ? worker.PrefillAsync(request, cancellationToken)
            : Task.FromResult(new PrefillResult(null, 0, TimeSpan.Zero, $"silo {id.Node} has no prefill worker {id.Device}", true) { Ended = true });
    }
}
