namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>What an expert's replicas add to the profile of <see cref="PairCover"/>.</summary>
/// <param name="From">First point of the grid that they change.</param>
/// <param name="Change">By how much; negative where they are large.</param>
internal readonly record struct PairStep(int From, int Change);
