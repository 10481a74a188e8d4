namespace OrleansServe.Cli.Bench.Experts;

/// <summary>What <c>bench experts</c> found.</summary>
/// <param name="MoeLayers">MoE layers of the model.</param>
/// <param name="ComputedSeconds">A microbatch is computed in an MoE layer, waits left out.</param>
/// <param name="DelaySeconds">A hop was delayed.</param>
/// <param name="Two">Two microbatches, no delay.</param>
/// <param name="DelayedTwo">Two microbatches.</param>
/// <param name="One">The step as one, no delay.</param>
/// <param name="DelayedOne">The step as one.</param>
/// <param name="TimeLine">The delayed step of two microbatches whose time was the median.</param>
internal sealed record ExpertFigures(
    int MoeLayers, double ComputedSeconds, double DelaySeconds, ScheduleFigures Two, ScheduleFigures DelayedTwo, ScheduleFigures One, ScheduleFigures DelayedOne, TimeLine TimeLine)
{
    /// <summary>How much longer a step of two microbatches takes for the delay.</summary>
    public double Ratio => DelayedTwo.StepSeconds / Two.StepSeconds;

    /// <summary>The same of a step that is not divided.</summary>
    public double UndividedRatio => DelayedOne.StepSeconds / One.StepSeconds;
}
