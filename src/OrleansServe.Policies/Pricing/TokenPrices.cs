namespace OrleansServe.Policies.Pricing;

/// <summary>What tokens are sold for. US dollars for a million.</summary>
/// <param name="CacheHit">Prompt tokens that came from a cache.</param>
/// <param name="CacheMiss">Prompt tokens that were computed.</param>
/// <param name="Output">Tokens produced, reasoning included.</param>
public readonly record struct TokenPrices(decimal CacheHit, decimal CacheMiss, decimal Output)
{
    private const decimal Million = 1_000_000;

    /// <summary>What tokens cost, exactly.</summary>
    public decimal Of(TokenCounts counts) =>
        ((counts.CacheHit * CacheHit) + (counts.CacheMiss * CacheMiss) + (counts.Output * Output)) / Million;

    /// <summary>The prices with a discount.</summary>
    /// <param name="discount">Share that is taken off, in [0, 1].</param>
    public TokenPrices Less(decimal discount) => new(CacheHit * (1 - discount), CacheMiss * (1 - discount), Output * (1 - discount));
}
