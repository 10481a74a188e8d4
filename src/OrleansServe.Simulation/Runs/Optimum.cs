using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>The fewest nodes that a fleet could do with that knew the future: at every moment whole units of each role, no busier than the optimum's utilisation.</summary>
internal static class Optimum
{
    /// <summary>How finely the day is looked at.</summary>
    public const int SecondsPerStep = 5;

    private const int StepsPerHour = 3600 / SecondsPerStep;

    // Capacities are printed as whole numbers: a thousandth of a unit is no reason for another one.
    private const double Rounding = 1e-3;

    /// <summary>Nodes at the middle of every step of <see cref="SecondsPerStep"/>.</summary>
    public static IReadOnlyList<int> NodesByStep(Scenario scenario, DemandCurve curve)
    {
        int[] nodes = new int[Scenario.Hours * StepsPerHour];
        for (int step = 0; step < nodes.Length; step++)
        {
            double rate = curve.RateAt((step + 0.5) * SecondsPerStep);
            nodes[step] = (Units(scenario, scenario.Prefill, scenario.InputTokens * rate) * scenario.Prefill.Nodes)
                + (Units(scenario, scenario.Decode, scenario.OutputTokens * rate) * scenario.Decode.Nodes);
        }

        return nodes;
    }

    /// <summary>Nodes on average in each hour.</summary>
    /// <param name="byStep">Nodes at every step.</param>
    /// <returns>[24]</returns>
    public static IReadOnlyList<double> ByHour(IReadOnlyList<int> byStep) =>
        [.. Enumerable.Range(0, Scenario.Hours).Select(hour => byStep.Skip(hour * StepsPerHour).Take(StepsPerHour).Average())];

    /// <summary>The nodes, one entry for each change.</summary>
    /// <param name="byStep">Nodes at every step.</param>
    public static IReadOnlyList<NodeStep> Steps(IReadOnlyList<int> byStep) =>
        [.. Enumerable.Range(0, byStep.Count).Where(step => step == 0 || byStep[step] != byStep[step - 1]).Select(step => new NodeStep((double)step / StepsPerHour, byStep[step]))];

    /// <summary>Units that serve a demand.</summary>
    /// <param name="scenario">Tells how busy they may be.</param>
    /// <param name="unit">What a unit can do.</param>
    /// <param name="tokensPerSecond">The demand.</param>
    public static int Units(Scenario scenario, UnitModel unit, double tokensPerSecond) => tokensPerSecond <= 0
        ? 0
        : (int)Math.Max(1, Math.Ceiling((tokensPerSecond / (unit.UnitCapacity * scenario.Settings.OptimumUtilization)) - Rounding));
}
