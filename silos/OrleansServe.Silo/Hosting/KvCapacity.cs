namespace OrleansServe.Silo.Hosting;

/// <summary>KV memory of each prefill and each decode worker.</summary>
/// <param name="Blocks">Blocks.</param>
/// <param name="Tokens">Tokens that they hold.</param>
/// <param name="Bytes">Memory that they take.</param>
public sealed record KvCapacity(int Blocks, long Tokens, long Bytes);
