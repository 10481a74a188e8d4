namespace OrleansServe.Simulation.Scenarios;

/// <summary>One request of a trace.</summary>
/// <param name="Milliseconds">When it came, since the day began.</param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
/// <param name="BlockIds">One id for each <see cref="BlockTokens"/> tokens of the prompt; equal ids stand for equal tokens behind equal tokens.</param>
public sealed record TraceRequest(long Milliseconds, int InputTokens, int OutputTokens, IReadOnlyList<long> BlockIds)
{
    /// <summary>Tokens that one id stands for.</summary>
    public const int BlockTokens = 512;
}
