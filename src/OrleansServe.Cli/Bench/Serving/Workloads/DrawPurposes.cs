using OrleansServe.Simulation.Demand;

namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>The sequences of random numbers that benchmarks draw from.</summary>
internal static class DrawPurposes
{
    /// <summary>Begins the sequence of a purpose.</summary>
    /// <param name="purpose">What the numbers are drawn for.</param>
    /// <param name="seed">What the run is named by.</param>
    /// <param name="subject">Which of the purpose's sequences.</param>
    public static SeededDraws Draw(this DrawPurpose purpose, ulong seed, ulong subject = 0) => new(seed, (ulong)purpose, subject);
}
