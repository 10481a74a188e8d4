using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Workers;

/// <summary>
/// What a worker tells the scheduler about itself: when its silo starts, on each change that matters, and at least every 250 ms.
/// </summary>
/// <param name="Worker">Who reports.</param>
/// <param name="Role">What it does.</param>
/// <param name="Incarnation">Drawn when the worker starts. A new one says that all earlier reports, cached blocks included, are void.</param>
/// <param name="Sequence">Counts the reports of one incarnation from 1; an older one that arrives late is dropped.</param>
/// <param name="WeightsFingerprint">SHA-256 of the weights, hexadecimal.</param>
/// <param name="KvFormat">KV format fingerprint, hexadecimal; only workers with equal ones exchange KV. Empty for expert shards.</param>
/// <param name="DataPlaneAddress">Where its silo's data plane listens.</param>
/// <param name="Load">Its load now.</param>
/// <param name="CachedAdded">Hashes of KV blocks that entered its prefix cache since the report before.</param>
/// <param name="CachedRemoved">Hashes of KV blocks evicted since the report before.</param>
/// <param name="Heartbeat">The engine is in a long step: the report says that the worker lives, and repeats the load of the one before.</param>
/// <param name="Arrived">Requests that have arrived since the report before: its load counts them. In a report in full also those that it holds.</param>
/// <param name="Served">What it has computed for whom since the report before.</param>
[GenerateSerializer, Immutable, Alias("os.worker-report")]
public sealed record WorkerReport(
    [property: Id(0)] WorkerId Worker,
    [property: Id(1)] WorkerRole Role,
    [property: Id(2)] Guid Incarnation,
    [property: Id(3)] long Sequence,
    [property: Id(4)] string WeightsFingerprint,
    [property: Id(5)] string KvFormat,
    [property: Id(6)] string DataPlaneAddress,
    [property: Id(7)] WorkerLoad Load,
    [property: Id(8)] ImmutableArray<UInt128> CachedAdded,
    [property: Id(9)] ImmutableArray<UInt128> CachedRemoved,
    [property: Id(10)] bool Heartbeat,
    [property: Id(11)] ImmutableArray<Guid> Arrived,
    [property: Id(12)] ImmutableArray<TenantTokens> Served)
{
    /// <summary>It is told to stop and wants no new requests.</summary>
    [Id(13)]
    public bool Draining { get; init; }
}
