using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Workers;

/// <summary>The workers that run on this silo. Grains find their engines here; a worker that has ended is not found any more.</summary>
public sealed class WorkerCatalog
{
    private readonly ConcurrentDictionary<WorkerId, IWorker> _workers = new();

    internal IEnumerable<IWorker> All => _workers.OrderBy(pair => pair.Key.Key, StringComparer.Ordinal).Select(pair => pair.Value);

    /// <summary>Has every worker that runs check its KV blocks: that each is held, cached or free, and that none has leaked.</summary>
    /// <exception cref="InvalidOperationException">One is broken; the message says which.</exception>
    public async Task CheckIntegrityAsync()
    {
        foreach (IWorker worker in All)
        {
            try
            {
                await worker.CheckAsync();
            }
            catch (WorkerUnavailableException)
            {
                // What has ended holds nothing any more.
            }
        }
    }

    internal void Add(IWorker worker) => _workers[worker.Id] = worker;

    internal bool TryGet<T>(WorkerId id, [NotNullWhen(true)] out T? worker)
        where T : class, IWorker
    {
        worker = _workers.GetValueOrDefault(id) as T;
        return worker is { Fault: null };
    }
}
