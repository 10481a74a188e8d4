namespace OrleansServe.Policies.Pricing;

/// <summary>Tokens that are paid for.</summary>
/// <param name="CacheHit">Prompt tokens that came from a cache.</param>
/// <param name="CacheMiss">Prompt tokens that were computed.</param>
/// <param name="Output">Tokens produced, reasoning included.</param>
/// <param name="Reasoning">Of the tokens produced, those that were reasoning.</param>
public readonly record struct TokenCounts(long CacheHit, long CacheMiss, long Output, long Reasoning)
{
    /// <summary>Adds two.</summary>
    public static TokenCounts operator +(TokenCounts a, TokenCounts b) => Add(a, b);

    /// <summary>Adds two.</summary>
    /// <exception cref="OverflowException">A sum is beyond 64 bits.</exception>
    public static TokenCounts Add(TokenCounts a, TokenCounts b) => checked(
        new TokenCounts(a.CacheHit + b.CacheHit, a.CacheMiss + b.CacheMiss, a.Output + b.Output, a.Reasoning + b.Reasoning));
}
