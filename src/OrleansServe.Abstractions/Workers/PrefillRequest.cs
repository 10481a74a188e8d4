using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;

namespace OrleansServe.Abstractions.Workers;

/// <summary>Asks a prefill worker to compute a prompt, send its KV on and sample the first token.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Prompt">Token ids, at least one.</param>
/// <param name="BlockHashes">Chained hashes of the prompt's full blocks.</param>
/// <param name="Sampling">How the first token is drawn.</param>
/// <param name="Ticket">Where the KV goes; null where one token is all that is wanted.</param>
/// <param name="KvFormat">KV format fingerprint that the gateway hashed with.</param>
/// <param name="Scheduling">Whose it is and how urgent.</param>
[GenerateSerializer, Immutable, Alias("os.prefill-request")]
public sealed record PrefillRequest(
    [property: Id(0)] Guid RequestId,
    [property: Id(1)] ImmutableArray<int> Prompt,
    [property: Id(2)] ImmutableArray<UInt128> BlockHashes,
    [property: Id(3)] SamplingSettings Sampling,
    [property: Id(4)] KvTicket? Ticket,
    [property: Id(5)] string KvFormat,
    [property: Id(6)] SchedulingSettings Scheduling)
{
    /// <summary>How many of the likeliest tokens to report beside each prompt token's log-probability; null where none are wanted.</summary>
    [Id(7)]
    public int? PromptTopLogprobs { get; init; }

    /// <summary>Data-plane address of the gateway that looks after the worker meanwhile: the worker keeps a channel to it and says from time to time that it gets on. Null where nobody does.</summary>
    [Id(8)]
    public string? GatewayAddress { get; init; }

    /// <summary>By what name the worker speaks of the request on that channel.</summary>
    [Id(9)]
    public Guid WatchId { get; init; }
}
