namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>One request of a trace.</summary>
/// <param name="Milliseconds">When it came.</param>
/// <param name="InputLength">Tokens of the prompt.</param>
/// <param name="OutputLength">Tokens of the answer.</param>
/// <param name="HashIds">One id for each <see cref="BlockTokens"/> tokens of the prompt.</param>
internal sealed record TraceEntry(long Milliseconds, int InputLength, int OutputLength, long[] HashIds)
{
    /// <summary>Tokens that one id stands for.</summary>
    public const int BlockTokens = 512;
}
