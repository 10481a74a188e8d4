namespace OrleansServe.Abstractions.Workers;

/// <summary>Façade of a decode engine. Key: <c>node/device</c>; lives on that node's silo and goes with it.</summary>
[Alias("os.decode-worker")]
public interface IDecodeWorkerGrain : IGrainWithStringKey
{
    /// <summary>Holds KV blocks for a request, or says why not.</summary>
    [Alias("reserve")]
    Task<ReserveResult> ReserveAsync(ReserveRequest request, CancellationToken cancellationToken);

    /// <summary>Takes a request into the running batch once its KV has arrived and been verified. Returns at once; tokens come over the data plane.</summary>
    [Alias("decode")]
    Task<DecodeResult> DecodeAsync(DecodeRequest request, CancellationToken cancellationToken);

    /// <summary>Ends a request, in whatever state it is, and frees its blocks before it returns. Unknown requests are fine.</summary>
    [Alias("release")]
    Task ReleaseAsync(Guid requestId);

    /// <summary>Ends one sample of a request; the others go on. Unknown ones are fine.</summary>
    [Alias("release-sample")]
    Task ReleaseSampleAsync(Guid requestId, int sample);
}
