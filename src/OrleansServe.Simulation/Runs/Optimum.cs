using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>The fewest nodes that a fleet could do with that knew the future: at every moment whole units of each role, no busier than the optimum's utilisation.</summary>
internal static class Optimum
{
    private const int SecondsPerStep = 5;

    // Capacities are printed as whole numbers: a thousandth of a unit is no reason for another one.
    private const double Rounding = 1e-3;

    /// <summary>Nodes on average in each hour.</summary>
    /// <returns>[24]</returns>
    public static IReadOnlyList<double> NodesByHour(Scenario scenario, DemandCurve curve)
    {
        const int Steps = 3600 / SecondsPerStep;
        double[] nodes = new double[Scenario.Hours];
        for (int hour = 0; hour < nodes.Length; hour++)
        {
            for (int step = 0; step < Steps; step++)
            {
                double rate = curve.RateAt((hour * 3600.0) + ((step + 0.5) * SecondsPerStep));
                nodes[hour] += (Units(scenario, scenario.Prefill, scenario.InputTokens * rate) * (double)scenario.Prefill.Nodes)
                    + (Units(scenario, scenario.Decode, scenario.OutputTokens * rate) * (double)scenario.Decode.Nodes);
            }

            nodes[hour] /= Steps;
        }

        return nodes;
    }

    /// <summary>Units that serve a demand.</summary>
    /// <param name="scenario">Tells how busy they may be.</param>
    /// <param name="unit">What a unit can do.</param>
    /// <param name="tokensPerSecond">The demand.</param>
    public static int Units(Scenario scenario, UnitModel unit, double tokensPerSecond) =>
        (int)Math.Ceiling(Math.Max(0, (tokensPerSecond / (unit.UnitCapacity * scenario.Settings.OptimumUtilization)) - Rounding));
}
