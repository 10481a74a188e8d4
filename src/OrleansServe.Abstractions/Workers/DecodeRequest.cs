using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Workers;

/// <summary>Lets a request join a decode worker's running batch as soon as its KV has arrived.</summary>
/// <param name="TicketId">The reservation that holds its KV.</param>
/// <param name="RequestId">The request; tokens travel under this id.</param>
/// <param name="FirstToken">The token that prefill sampled, of sample 0. Where it ends that sample, only the others go on.</param>
/// <param name="Sampling">How tokens are drawn.</param>
/// <param name="StopTokens">Tokens that end the answer, the end-of-sequence tokens among them unless they are to be ignored.</param>
/// <param name="GatewayAddress">Data-plane address that the tokens are sent to.</param>
[GenerateSerializer, Immutable, Alias("os.decode-request")]
public sealed record DecodeRequest(
    [property: Id(0)] Guid TicketId,
    [property: Id(1)] Guid RequestId,
    [property: Id(2)] int FirstToken,
    [property: Id(3)] SamplingSettings Sampling,
    [property: Id(4)] ImmutableArray<int> StopTokens,
    [property: Id(5)] string GatewayAddress);
