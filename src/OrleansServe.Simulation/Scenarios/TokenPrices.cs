namespace OrleansServe.Simulation.Scenarios;

/// <summary>What a million tokens earn, in US dollars.</summary>
/// <param name="CacheHit">Prompt tokens found in the cache.</param>
/// <param name="CacheMiss">Prompt tokens that were computed.</param>
/// <param name="Output">Tokens produced.</param>
public sealed record TokenPrices(decimal CacheHit, decimal CacheMiss, decimal Output)
{
    private const decimal Million = 1_000_000;

    /// <summary>What tokens earn, exactly.</summary>
    /// <param name="cacheHit">Prompt tokens found in the cache.</param>
    /// <param name="cacheMiss">Prompt tokens that were computed.</param>
    /// <param name="output">Tokens produced.</param>
    public decimal Of(long cacheHit, long cacheMiss, long output) => ((cacheHit * CacheHit) + (cacheMiss * CacheMiss) + (output * Output)) / Million;
}
