namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>What a stream carries. The numbers are the protocol's.</summary>
internal enum StreamKind : byte
{
    /// <summary>One prompt's KV.</summary>
    Kv = 1,

    /// <summary>A worker's tokens for a gateway.</summary>
    Tokens = 2,

    /// <summary>Rows for an expert shard.</summary>
    Experts = 3,
}
