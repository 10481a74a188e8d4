using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;

namespace OrleansServe.Abstractions.Workers;

/// <summary>Asks a decode worker for room.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Prompt">Token ids of the prompt.</param>
/// <param name="BlockHashes">Chained hashes of the prompt's full blocks.</param>
/// <param name="MaxTokens">Tokens to be produced at most, the first one included.</param>
/// <param name="KvFormat">KV format fingerprint that the gateway hashed with.</param>
/// <param name="Scheduling">Whose it is and how urgent.</param>
[GenerateSerializer, Immutable, Alias("os.reserve-request")]
public sealed record ReserveRequest(
    [property: Id(0)] Guid RequestId,
    [property: Id(1)] ImmutableArray<int> Prompt,
    [property: Id(2)] ImmutableArray<UInt128> BlockHashes,
    [property: Id(3)] int MaxTokens,
    [property: Id(4)] string KvFormat,
    [property: Id(5)] SchedulingSettings Scheduling)
{
    /// <summary>Samples that are to go on from the prompt, each with as many tokens; at most <see cref="SampleId.MaxSamples"/>.</summary>
    [Id(6)]
    public int Samples { get; init; } = 1;

    /// <summary>Data-plane address that tokens will be sent to, and before them word of a KV transfer that failed; null to hear of it with the decode request.</summary>
    [Id(7)]
    public string? GatewayAddress { get; init; }
}
