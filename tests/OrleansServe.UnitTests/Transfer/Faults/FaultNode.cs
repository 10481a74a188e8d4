using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Transfer.Wire;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>One start of a silo: its data plane and, unless it is a gateway, its worker.</summary>
internal sealed class FaultNode : IAsyncDisposable
{
    public static readonly byte[] KvFormat = [7, 1];
    public static readonly TimeSpan TicketLifetime = TimeSpan.FromSeconds(4);
    private static readonly WorkerModel Model = new("hash", null!, "weights", KvFormat); // No checkpoint: the engine has no weights.
    private static readonly WorkerMetrics Metrics = new(Prometheus.Metrics.WithCustomRegistry(Prometheus.Metrics.NewCustomRegistry()));
    private readonly TaskCompletionSource _died = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FaultNode(string name, ulong incarnation, FaultWire wire, FaultTime time, IWireObserver observer, HashEngine? engine)
    {
        Name = name;
        Plane = new WireDataPlane(
            new WireOptions { ClusterId = "faults", SiloName = name, Incarnation = incarnation, KvWindowBytes = 16 * 1024, KvConnections = 2 }, wire, time, observer);
        Engine = engine;
        if (engine is null)
        {
            return;
        }

        WorkerContext context = new(
            Model,
            new WorkerOptions { Node = name, TicketLifetime = TicketLifetime, TransferTimeout = TimeSpan.FromSeconds(3) },
            new ServiceOptions(),
            Plane,
            Clock = new FaultClock(time),
            Metrics,
            NullLogger.Instance)
        {
            PooledEngines = true,
        };
        if (name == "p")
        {
            Prefill = new PrefillWorker(new WorkerId(name, "prefill-0"), engine, context);
            Prefill.Start();
        }
        else
        {
            Decode = new DecodeWorker(new WorkerId(name, "decode-0"), engine, context);
            Decode.Start();
        }
    }

    public static string KvFormatHex { get; } = Convert.ToHexStringLower(KvFormat);

    public string Name { get; }

    public WireDataPlane Plane { get; }

    public HashEngine? Engine { get; }

    public PrefillWorker? Prefill { get; }

    public DecodeWorker? Decode { get; }

    /// <summary>The worker's clock.</summary>
    public FaultClock? Clock { get; }

    /// <summary>Completes when the silo dies.</summary>
    public Task Died => _died.Task;

    private IWorker? Worker => (IWorker?)Prefill ?? Decode;

    /// <summary>Dies: nothing that it does from now on reaches anybody.</summary>
    public void Kill()
    {
        _died.TrySetResult();
        Plane.Break();
    }

    /// <summary>What the worker holds, and what of that is wrong; null where it holds nothing.</summary>
    public async Task<string?> FindLeakAsync()
    {
        string? fault = Plane.Incoming.KvTransfers > 0 ? $"{Name} has {Plane.Incoming.KvTransfers} KV transfers open" : null;
        WorkerLoad? load = Prefill is not null ? await Prefill.CheckIntegrityAsync() : Decode is not null ? await Decode.CheckIntegrityAsync() : null;
        return load is { KvBlocksUsed: 0, RunningRequests: 0, QueuedRequests: 0 } or null ? fault : $"{Name} holds {load}; {fault}";
    }

    public async ValueTask DisposeAsync()
    {
        if (Worker is { } worker)
        {
            await worker.DisposeAsync();
        }

        await Plane.DisposeAsync();
    }
}
