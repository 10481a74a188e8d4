using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers.Steps;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>A request on a decode worker, from its reservation on.</summary>
internal sealed class DecodeSequence(ReserveRequest request, UInt128 rootName)
    : WorkerSequence(request.RequestId, request.Prompt.AsSpan(), request.MaxTokens, rootName)
{
    public override bool IsStream => true;

    /// <summary>Where its prompt's KV arrives; null before it is held.</summary>
    public KvReservation? Reservation { get; set; }

    /// <summary>Where the tokens go; null until the request is taken in.</summary>
    public GatewayStream? Stream { get; set; }

    public ImmutableArray<int> StopTokens { get; set; } = [];

    public override bool EndsWith(int token) => StopTokens.Contains(token);

    /// <summary>It holds nothing any more.</summary>
    public bool Ended { get; set; }
}
