namespace OrleansServe.Cli.Bench;

/// <summary>One stream, decoded with some number of drafts a step.</summary>
/// <param name="Drafts">Drafts that each step verifies at most; 0 for plain decoding.</param>
/// <param name="Tokens">Tokens decoded.</param>
/// <param name="Steps">Steps that took.</param>
/// <param name="Drafted">Drafts verified.</param>
/// <param name="Accepted">Drafts that were the token sampled.</param>
/// <param name="Seconds">Time of the steps, drafting included.</param>
internal sealed record SpeculationPoint(int Drafts, long Tokens, long Steps, long Drafted, long Accepted, double Seconds)
{
    /// <summary>Tokens in a second.</summary>
    public double TokensPerSecond => Tokens / Seconds;

    /// <summary>Share of the drafts that were right.</summary>
    public double Acceptance => Drafted == 0 ? 0 : (double)Accepted / Drafted;

    /// <summary>Both measurements together.</summary>
    public SpeculationPoint Plus(SpeculationPoint other) => new(
        Drafts, Tokens + other.Tokens, Steps + other.Steps, Drafted + other.Drafted, Accepted + other.Accepted, Seconds + other.Seconds);
}
