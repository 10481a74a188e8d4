namespace OrleansServe.Abstractions.Workers;

/// <summary>Makes a token likelier or less likely.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Bias">Added to its logit.</param>
[GenerateSerializer, Immutable, Alias("os.token-bias")]
public readonly record struct TokenBias([property: Id(0)] int Token, [property: Id(1)] float Bias);
