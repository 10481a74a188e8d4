namespace OrleansServe.Cli.Bench.Routing;

/// <summary>What a trace is replayed on.</summary>
/// <param name="Workers">Prefill workers.</param>
/// <param name="BlocksPerWorker">KV memory of each, in blocks of the trace's 512 tokens.</param>
/// <param name="KvBlockTokens">Tokens of a KV block; divides 512.</param>
/// <param name="TokensPerSecond">Prompt tokens that a worker computes in a second; 0 for workers that are done at once.</param>
internal sealed record RoutingSetup(int Workers, int BlocksPerWorker, int KvBlockTokens, double TokensPerSecond);
