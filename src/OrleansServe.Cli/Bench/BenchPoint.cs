namespace OrleansServe.Cli.Bench;

/// <summary>One measured kind of step.</summary>
/// <param name="Batch">Sequences in the step.</param>
/// <param name="Tokens">Context of each when decoding, length of the prompt when prefilling.</param>
/// <param name="TokensPerStep">Tokens that the step fed.</param>
/// <param name="Steps">Steps measured.</param>
/// <param name="Seconds">Median time of a step.</param>
/// <param name="FastestSeconds">Time of the fastest step: what the engine does when nobody else wants the machine.</param>
/// <param name="Experts">Mean number of distinct experts a step went to, summed over the layers.</param>
/// <param name="Cost">What such a step costs at least.</param>
/// <param name="Machine">What the machine could do meanwhile: the median of looks in between, since others may want it too.</param>
internal sealed record BenchPoint(int Batch, int Tokens, int TokensPerStep, int Steps, double Seconds, double FastestSeconds, double Experts, StepCost Cost, MachineLimits Machine)
{
    /// <summary>Tokens in a second, all sequences together.</summary>
    public double TokensPerSecond => TokensPerStep / Seconds;

    /// <summary>Share of the speed that the machine's limits allow.</summary>
    public double ShareOfLimit => Cost.LeastSeconds(Machine) / Seconds;

    /// <summary>The same of the fastest step.</summary>
    public double BestShareOfLimit => Cost.LeastSeconds(Machine) / FastestSeconds;
}
