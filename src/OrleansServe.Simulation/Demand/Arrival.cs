namespace OrleansServe.Simulation.Demand;

/// <summary>Requests that are simulated as one.</summary>
/// <param name="Ticks">When they come, in ticks since the day that counts began; negative on earlier days.</param>
/// <param name="Requests">How many they are; at least 1.</param>
/// <param name="InputTokens">Prompt tokens of all together.</param>
/// <param name="CachedTokens">Of these, the ones found in the cache.</param>
/// <param name="OutputTokens">Tokens that all together produce.</param>
/// <param name="Prefixes">Names of the prompt's full blocks; null where the scenario has none, and <paramref name="CachedTokens"/> is what counts.</param>
internal readonly record struct Arrival(long Ticks, long Requests, long InputTokens, long CachedTokens, long OutputTokens, UInt128[]? Prefixes = null);
