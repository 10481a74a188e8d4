namespace OrleansServe.Engine.Sampling;

/// <summary>Makes a token likelier or less likely.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Bias">Added to its logit; finite.</param>
public readonly record struct LogitBias(int Token, float Bias);
