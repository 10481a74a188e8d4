namespace OrleansServe.Policies.Batching;

/// <summary>
/// Fits <see cref="StepCost"/> to the steps that were run: least squares with old steps fading, so that it follows a growing context or a busier
/// machine. Knows no clock: times are given to it.
/// </summary>
public sealed class StepCostMeter
{
    private const double Fading = 0.98;

    private double _steps;
    private double _tokens;
    private double _seconds;
    private double _tokensSquared;
    private double _product;

    /// <summary>The cost as it seems now.</summary>
    public StepCost Cost { get; private set; }

    /// <summary>Takes a step in.</summary>
    /// <param name="tokens">Tokens that it computed, at least 1.</param>
    /// <param name="seconds">What it took.</param>
    public void Add(int tokens, double seconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        ArgumentOutOfRangeException.ThrowIfNegative(seconds);
        _steps = (_steps * Fading) + 1;
        _tokens = (_tokens * Fading) + tokens;
        _seconds = (_seconds * Fading) + seconds;
        _tokensSquared = (_tokensSquared * Fading) + ((double)tokens * tokens);
        _product = (_product * Fading) + (tokens * seconds);

        // Steps of one size only, as of a lone stream, say nothing of the base: all of it counts as cost of the tokens.
        double mean = _seconds / _tokens;
        double spread = (_steps * _tokensSquared) - (_tokens * _tokens);
        double slope = spread > 1e-6 * _steps * _tokensSquared ? ((_steps * _product) - (_tokens * _seconds)) / spread : mean;
        slope = Math.Clamp(slope, 0, mean);
        Cost = new StepCost(Math.Max(0, (_seconds - (slope * _tokens)) / _steps), slope);
    }
}
