namespace OrleansServe.Abstractions.Workers;

/// <summary>Whether a request was taken in.</summary>
/// <param name="Accepted">Tokens follow over the data plane.</param>
/// <param name="Error">Why not; null if accepted.</param>
/// <param name="Retryable">Whether another worker may accept.</param>
/// <param name="TokenChannel">If accepted, the id of the data-plane channel over which the tokens come.</param>
[GenerateSerializer, Immutable, Alias("os.decode-result")]
public sealed record DecodeResult(
    [property: Id(0)] bool Accepted,
    [property: Id(1)] string? Error,
    [property: Id(2)] bool Retryable,
    [property: Id(3)] Guid TokenChannel = default)
{
    /// <summary>The worker has ended or is about to, or was never there: it is not too busy for the request but lost to all.</summary>
    [Id(4)]
    public bool Ended { get; init; }
}
