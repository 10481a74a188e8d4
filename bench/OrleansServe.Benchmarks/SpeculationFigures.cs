namespace OrleansServe.Benchmarks;

/// <summary>Tokens per second of one stream between its first token and its last, without and with drafts, and the share of drafts that were right.</summary>
internal sealed record SpeculationFigures(double Plain, double Drafting, double Acceptance);
