namespace OrleansServe.Policies.Balancing;

/// <summary>A decode worker as the balancer sees it.</summary>
/// <param name="KvBlocksUsed">KV blocks that requests hold or have reserved.</param>
/// <param name="KvBlocksTotal">KV blocks of its engine.</param>
/// <param name="Requests">Requests that it serves.</param>
/// <param name="KvBlocksYielded">Of the blocks used, those that requests of lower classes would give back for this one.</param>
public readonly record struct DecodeCandidate(int KvBlocksUsed, int KvBlocksTotal, int Requests, int KvBlocksYielded = 0);
