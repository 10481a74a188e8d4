namespace OrleansServe.Cli.Bench.Experts;

/// <summary>A part of a time line.</summary>
/// <param name="Layer">Layer index.</param>
/// <param name="Microbatch">0 or 1.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Begin">Microseconds from the beginning of the line.</param>
/// <param name="End">Microseconds from the beginning of the line.</param>
internal readonly record struct TimeSpanOf(int Layer, int Microbatch, SpanKind Kind, double Begin, double End);
