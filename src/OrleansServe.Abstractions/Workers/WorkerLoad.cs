namespace OrleansServe.Abstractions.Workers;

/// <summary>A worker's load at one moment.</summary>
/// <param name="RunningRequests">Requests in the running batch.</param>
/// <param name="QueuedRequests">Requests accepted and not yet running.</param>
/// <param name="QueuedTokens">Prompt tokens accepted and not yet computed.</param>
/// <param name="KvBlocksTotal">KV blocks of the engine.</param>
/// <param name="KvBlocksUsed">KV blocks that requests hold or have reserved.</param>
/// <param name="KvBlocksCached">KV blocks free to be reused that still serve as prefix cache.</param>
/// <param name="Experts">Routed experts held, summed over layers; 0 unless an expert shard.</param>
/// <param name="ExpertRows">Rows computed by those experts since the start.</param>
/// <param name="KvBlocksStandard">KV blocks that requests of the standard class would give back, if a higher one needed them.</param>
/// <param name="KvBlocksBatch">The same of the batch class.</param>
[GenerateSerializer, Immutable, Alias("os.worker-load")]
public sealed record WorkerLoad(
    [property: Id(0)] int RunningRequests,
    [property: Id(1)] int QueuedRequests,
    [property: Id(2)] long QueuedTokens,
    [property: Id(3)] int KvBlocksTotal,
    [property: Id(4)] int KvBlocksUsed,
    [property: Id(5)] int KvBlocksCached,
    [property: Id(6)] int Experts,
    [property: Id(7)] long ExpertRows,
    [property: Id(8)] int KvBlocksStandard = 0,
    [property: Id(9)] int KvBlocksBatch = 0);
