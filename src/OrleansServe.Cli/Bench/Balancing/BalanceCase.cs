namespace OrleansServe.Cli.Bench.Balancing;

/// <summary>What was planned from drawn loads.</summary>
/// <param name="Distribution">How they were drawn.</param>
/// <param name="Figures">The plan.</param>
/// <param name="Drifted">The plan that follows it after the loads have drifted, with few moves.</param>
/// <param name="Anew">A plan for the drifted loads without regard to the first.</param>
internal sealed record BalanceCase(LoadDistribution Distribution, BalanceFigures Figures, BalanceFigures Drifted, BalanceFigures Anew);
