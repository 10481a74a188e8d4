namespace OrleansServe.Policies.Balancing;

/// <summary>How much of a prompt a worker has.</summary>
/// <param name="Held">Blocks, from the first on, that it has cached.</param>
/// <param name="Known">Blocks, from the first on, that it has cached or had until lately; at least <paramref name="Held"/>.</param>
internal readonly record struct PrefixMatch(int Held, int Known);
