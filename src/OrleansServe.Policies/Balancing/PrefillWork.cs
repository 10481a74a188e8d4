namespace OrleansServe.Policies.Balancing;

/// <summary>What a prompt costs to compute, in tokens: those to be computed, and their attention to all before them.</summary>
internal static class PrefillWork
{
    /// <summary>
    /// Context length at which attending to all of it costs a token as much as everything else. For DeepSeek-V3: 2 x 37e9 operations for a token's parameters,
    /// 2 x 128 heads x (192 + 128) x 61 layers for each token attended to, so about 15,000.
    /// </summary>
    private const double EvenContext = 16384;

    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="cachedTokens">How much of it, from the first token on, need not be computed.</param>
    public static double Of(double promptTokens, double cachedTokens) =>
        (promptTokens - cachedTokens) * (1 + ((promptTokens + cachedTokens) / (2 * EvenContext)));
}
