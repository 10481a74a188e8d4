namespace OrleansServe.Cli.Bench.Experts;

/// <summary>What one schedule took.</summary>
/// <param name="StepSeconds">A step, median.</param>
/// <param name="FastestSeconds">The fastest.</param>
/// <param name="AwaySeconds">Rows of a microbatch in a layer were away, mean.</param>
/// <param name="WaitedSeconds">The engine waited for them, mean.</param>
internal sealed record ScheduleFigures(double StepSeconds, double FastestSeconds, double AwaySeconds, double WaitedSeconds)
{
    /// <summary>Share of the time that rows were away for which the engine computed.</summary>
    public double HiddenShare => AwaySeconds > 0 ? 1 - (WaitedSeconds / AwaySeconds) : 1;
}
