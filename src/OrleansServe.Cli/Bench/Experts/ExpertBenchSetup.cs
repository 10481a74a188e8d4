namespace OrleansServe.Cli.Bench.Experts;

/// <summary>What <c>bench experts</c> measures.</summary>
/// <param name="Rows">Sequences that decode together.</param>
/// <param name="Context">Positions of each.</param>
/// <param name="Devices">Devices that the experts are spread over, the engine's included; each has a thread.</param>
/// <param name="Delay">One-way delay of a hop, as a share of the time that a microbatch is computed in a layer.</param>
/// <param name="Steps">Measured steps of each schedule.</param>
internal sealed record ExpertBenchSetup(int Rows, int Context, int Devices, double Delay, int Steps);
