using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>What a simulated day came to.</summary>
public sealed record SimulationResult
{
    /// <summary>The day.</summary>
    public required Scenario Scenario { get; init; }

    /// <summary>Who decided how large the fleet was.</summary>
    public required FleetPolicy Policy { get; init; }

    /// <summary>[24] the hours.</summary>
    public required IReadOnlyList<HourFigures> Hours { get; init; }

    /// <summary>The fleet's nodes over the day, one entry for each change.</summary>
    public required IReadOnlyList<NodeStep> Nodes { get; init; }

    /// <summary>The same of an optimum that knows the future.</summary>
    public required IReadOnlyList<NodeStep> OptimumNodes { get; init; }

    /// <summary>Node-hours, exactly.</summary>
    public required decimal NodeHours { get; init; }

    /// <summary>Median time to the first token, in seconds.</summary>
    public required double FirstTokenMedian { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public required double FirstTokenP99 { get; init; }

    /// <summary>Requests that one simulated request stood for.</summary>
    public required double RequestsPerSimulated { get; init; }

    /// <summary>Units that the policy asked for or gave up on the day, both roles together.</summary>
    public required int UnitsMoved { get; init; }

    /// <summary>Nodes on average.</summary>
    public decimal AverageNodes => NodeHours / Scenario.Hours;

    /// <summary>Node-hours of an optimum that knows the future.</summary>
    public double OptimumNodeHours => Hours.Sum(hour => hour.OptimumNodes);

    /// <summary>What the nodes cost, in US dollars.</summary>
    public decimal Cost => Hours.Sum(hour => hour.Cost);

    /// <summary>What the tokens earned, in US dollars.</summary>
    public decimal Revenue => Hours.Sum(hour => hour.Revenue);

    /// <summary>What was earned above the cost, as a share of the cost; null if nothing was spent.</summary>
    public decimal? Margin => Cost > 0 ? (Revenue - Cost) / Cost : null;

    /// <summary>Requests that came.</summary>
    public long Requests => Hours.Sum(hour => hour.Requests);

    /// <summary>Of these, the ones refused.</summary>
    public long Refused => Hours.Sum(hour => hour.Refused);

    /// <summary>Share of the requests whose first token came within the target; 1 if there were none.</summary>
    public double FirstTokenAttainment => Requests > 0 ? (double)Hours.Sum(hour => hour.InTime) / Requests : 1;
}
