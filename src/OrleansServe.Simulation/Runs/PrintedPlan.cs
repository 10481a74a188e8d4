using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>The fleet that the source had: its node curve, in whole units. Nodes come and go in the moment that the curve says.</summary>
internal sealed class PrintedPlan(Scenario scenario) : IFleetPlan
{
    /// <inheritdoc/>
    public long Apply(FleetControl control, long now)
    {
        IReadOnlyList<NodeStep> steps = scenario.PrintedNodes;
        long day = (long)Math.Floor((double)now / TimeSpan.TicksPerDay) * TimeSpan.TicksPerDay;
        int current = 0;
        while (current + 1 < steps.Count && day + TicksOf(steps[current + 1]) <= now)
        {
            current++;
        }

        int nodes = steps[current].Nodes;
        UnitSplit split = UnitSplit.Of(
            nodes,
            scenario.Prefill.Nodes,
            scenario.Decode.Nodes,
            scenario.InputTokens / scenario.Prefill.Capacity,
            scenario.OutputTokens / scenario.Decode.Capacity);
        control.SetAtOnce(control.Prefill, split.PrefillUnits, now);
        control.SetAtOnce(control.Decode, split.DecodeUnits, now);
        control.SetIdleNodes(nodes - (split.PrefillUnits * scenario.Prefill.Nodes) - (split.DecodeUnits * scenario.Decode.Nodes), now);
        return current + 1 < steps.Count ? day + TicksOf(steps[current + 1]) : day + TimeSpan.TicksPerDay;
    }

    private static long TicksOf(NodeStep step) => (long)Math.Round(step.Hour * TimeSpan.TicksPerHour);
}
