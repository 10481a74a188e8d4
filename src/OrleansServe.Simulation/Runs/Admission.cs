using OrleansServe.Simulation.Fleet;

namespace OrleansServe.Simulation.Runs;

/// <summary>What becomes of a request that is admitted.</summary>
/// <param name="FirstToken">When its first token comes, in ticks.</param>
/// <param name="End">When its last one does.</param>
/// <param name="Decode">Who decodes it.</param>
/// <param name="Blocks">KV blocks that it holds.</param>
/// <param name="CachedTokens">Prompt tokens that need not be computed.</param>
internal readonly record struct Admission(long FirstToken, long End, FleetUnit Decode, int Blocks, long CachedTokens);
