using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Abstractions.Scheduling;

/// <summary>One worker as the scheduler sees it.</summary>
/// <param name="Worker">Who.</param>
/// <param name="Role">What it does.</param>
/// <param name="Load">Its last reported load.</param>
/// <param name="ReportAge">How long ago that was.</param>
/// <param name="WeightsFingerprint">SHA-256 of its weights, hexadecimal.</param>
/// <param name="DataPlaneAddress">Where its data plane listens.</param>
/// <param name="KvFormat">KV format fingerprint: it serves requests of gateways of the same one only.</param>
[GenerateSerializer, Immutable, Alias("os.worker-status")]
public sealed record WorkerStatus(
    [property: Id(0)] WorkerId Worker,
    [property: Id(1)] WorkerRole Role,
    [property: Id(2)] WorkerLoad Load,
    [property: Id(3)] TimeSpan ReportAge,
    [property: Id(4)] string WeightsFingerprint,
    [property: Id(5)] string DataPlaneAddress,
    [property: Id(10)] string KvFormat)
{
    /// <summary>It is told to stop and gets new requests only where there is no other.</summary>
    [Id(6)]
    public bool Draining { get; init; }

    /// <summary>How full it is, in [0, 1]: of streams, of KV blocks or of queued tokens, whichever is most.</summary>
    [Id(7)]
    public double Fill { get; init; }

    /// <summary>Time that it has worked since the scheduler knows it, as if it had been full: half full for a minute is half a minute.</summary>
    [Id(8)]
    public TimeSpan Busy { get; init; }

    /// <summary>Tokens that it has computed since the scheduler knows it.</summary>
    [Id(9)]
    public long Served { get; init; }

    /// <summary>KV blocks of prompts that it has cached and no other worker has; known of prefill workers, 0 for others.</summary>
    [Id(11)]
    public long UniqueBlocks { get; init; }
}
