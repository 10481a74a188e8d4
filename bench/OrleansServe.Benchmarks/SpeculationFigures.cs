namespace OrleansServe.Benchmarks;

/// <summary>Tokens per second of one stream between its first token and its last, without and with drafts, and the share of drafts that were right.</summary>
/// <param name="Plain">Over all rounds.</param>
/// <param name="Drafting">Over all rounds.</param>
/// <param name="LeastSpeedUp">Drafting over plain of the round where it was least.</param>
/// <param name="MedianSpeedUp">The same in the median of the rounds.</param>
/// <param name="MostSpeedUp">The same of the round where it was most.</param>
/// <param name="Acceptance">Share of the drafts that were right.</param>
internal sealed record SpeculationFigures(double Plain, double Drafting, double LeastSpeedUp, double MedianSpeedUp, double MostSpeedUp, double Acceptance);
