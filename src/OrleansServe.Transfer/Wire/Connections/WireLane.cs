namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>What a connection carries: what is small and urgent never stands behind what is large.</summary>
internal enum WireLane : byte
{
    /// <summary>Token frames.</summary>
    Tokens = 0,

    /// <summary>Expert rows and outputs.</summary>
    Experts = 1,

    /// <summary>KV blocks.</summary>
    Kv = 2,
}
