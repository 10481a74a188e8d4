using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Abstractions.Scheduling;

/// <summary>A request that asks to be served.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="GatewayNode">Silo name of the gateway that owns it; its admissions end with that silo.</param>
/// <param name="PromptTokens">Length of the prompt.</param>
/// <param name="MaxTokens">Tokens to be produced at most for each sample.</param>
/// <param name="BlockHashes">Chained hashes of the prompt's full KV blocks, for the prefill balancer.</param>
/// <param name="KvFormat">KV format fingerprint that the hashes are seeded with; only workers of this format are chosen.</param>
/// <param name="Avoid">Workers that failed this request before, if any others can be had.</param>
/// <param name="Scheduling">Whose it is and how urgent.</param>
[GenerateSerializer, Immutable, Alias("os.admission-request")]
public sealed record AdmissionRequest(
    [property: Id(0)] Guid RequestId,
    [property: Id(1)] string GatewayNode,
    [property: Id(2)] int PromptTokens,
    [property: Id(3)] int MaxTokens,
    [property: Id(4)] ImmutableArray<UInt128> BlockHashes,
    [property: Id(5)] string KvFormat,
    [property: Id(6)] ImmutableArray<WorkerId> Avoid,
    [property: Id(7)] SchedulingSettings Scheduling)
{
    /// <summary>Samples that are to go on from the prompt, each with as many tokens.</summary>
    [Id(8)]
    public int Samples { get; init; } = 1;

    /// <summary>It was interrupted and its client waits for it to go on: it is due at once.</summary>
    [Id(9)]
    public bool IsResume { get; init; }
}
