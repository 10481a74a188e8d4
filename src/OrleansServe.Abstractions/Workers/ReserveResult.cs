namespace OrleansServe.Abstractions.Workers;

/// <summary>Answer to a <see cref="ReserveRequest"/>: a ticket, or why there is none.</summary>
/// <param name="Ticket">The room held, or null.</param>
/// <param name="Refusal">Why it was refused; null with a ticket.</param>
/// <param name="Retryable">Whether another worker, or this one later, may accept.</param>
[GenerateSerializer, Immutable, Alias("os.reserve-result")]
public sealed record ReserveResult(
    [property: Id(0)] KvTicket? Ticket,
    [property: Id(1)] string? Refusal,
    [property: Id(2)] bool Retryable)
{
    /// <summary>The worker is well and would serve the request, but has no room for it now.</summary>
    [Id(3)]
    public bool NoRoom { get; init; }

    /// <summary>With a ticket, the id of the data-plane channel over which the worker speaks to the gateway that the request named; empty where it named none.</summary>
    [Id(4)]
    public Guid TokenChannel { get; init; }

    /// <summary>The worker has ended or is about to, or was never there: it is not too busy for the request but lost to all.</summary>
    [Id(5)]
    public bool Ended { get; init; }

    /// <summary>The request needs more than the worker has even when it is idle; a larger worker may accept.</summary>
    [Id(6)]
    public bool TooLarge { get; init; }
}
