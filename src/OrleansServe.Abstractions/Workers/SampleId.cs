namespace OrleansServe.Abstractions.Workers;

/// <summary>Names of a request's samples on the token streams.</summary>
public static class SampleId
{
    /// <summary>Most samples of a request.</summary>
    public const int MaxSamples = 16;

    /// <summary>The name of a sample: sample 0 goes by the request's own.</summary>
    /// <param name="requestId">The request.</param>
    /// <param name="sample">In [0, <see cref="MaxSamples"/>).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sample.</exception>
    public static Guid Of(Guid requestId, int sample)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sample, MaxSamples);
        Span<byte> bytes = stackalloc byte[16];
        requestId.TryWriteBytes(bytes);

        // The last bits of a random id: another request's would have to differ from this one in those alone to be taken for a sample.
        bytes[15] ^= (byte)sample;
        return new Guid(bytes);
    }
}
