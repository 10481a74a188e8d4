namespace OrleansServe.Policies.Batching;

/// <summary>What becomes of a <see cref="BatchCandidate"/> in the next step.</summary>
/// <param name="Tokens">Tokens that it computes; with any, it is given all the blocks that it lacks.</param>
/// <param name="IsPreempted">It gives its blocks back first and computes its tokens again later.</param>
public readonly record struct BatchDecision(int Tokens, bool IsPreempted);
