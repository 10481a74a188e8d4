namespace OrleansServe.Policies.Scaling;

/// <summary>A node that may be told to leave.</summary>
/// <param name="Name">Its name, unlike any other's.</param>
/// <param name="Work">How full it is of what it has under way, in [0, 1]; 1 where nobody knows.</param>
/// <param name="UniqueBlocks">KV blocks of prompts that it has cached and no other node has.</param>
public readonly record struct DrainCandidate(string Name, double Work, long UniqueBlocks);
