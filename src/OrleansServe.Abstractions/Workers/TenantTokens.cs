namespace OrleansServe.Abstractions.Workers;

/// <summary>What a worker has computed for one tenant.</summary>
/// <param name="Tenant">Who.</param>
/// <param name="Tokens">Tokens since the report before.</param>
[GenerateSerializer, Immutable, Alias("os.tenant-tokens")]
public readonly record struct TenantTokens([property: Id(0)] string Tenant, [property: Id(1)] long Tokens);
