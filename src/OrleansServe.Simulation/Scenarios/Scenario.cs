using OrleansServe.Policies.Pricing;

namespace OrleansServe.Simulation.Scenarios;

/// <summary>A day to be simulated: what is asked of the fleet, what the fleet is made of, and what both cost. Read with <see cref="ScenarioReader"/>.</summary>
public sealed record Scenario
{
    /// <summary>Hours of a day's curve.</summary>
    public const int Hours = 24;

    /// <summary>What it is called.</summary>
    public required string Title { get; init; }

    /// <summary>[24] demand by the hour; only the proportions count.</summary>
    public required IReadOnlyList<double> HourlyDemand { get; init; }

    /// <summary>Requests of the day.</summary>
    public required long Requests { get; init; }

    /// <summary>Prompt tokens of the day, cached ones included.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Of the prompt tokens, those found in the cache.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Tokens produced in the day.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Tokens a second of one stream.</summary>
    public required double StreamRate { get; init; }

    /// <summary>The prefill role.</summary>
    public required UnitModel Prefill { get; init; }

    /// <summary>The decode role.</summary>
    public required UnitModel Decode { get; init; }

    /// <summary>GPUs of a node.</summary>
    public required int GpusPerNode { get; init; }

    /// <summary>US dollars for a GPU and hour.</summary>
    public required decimal GpuHourPrice { get; init; }

    /// <summary>What tokens earn.</summary>
    public required TokenPrices Prices { get; init; }

    /// <summary>The fleet that the source had; empty where it is not told.</summary>
    public required IReadOnlyList<NodeStep> PrintedNodes { get; init; }

    /// <summary>The requests themselves; empty where they follow <see cref="HourlyDemand"/>.</summary>
    public IReadOnlyList<TraceRequest> Trace { get; init; } = [];

    /// <summary>How it is to be simulated.</summary>
    public required SimulationSettings Settings { get; init; }
}
