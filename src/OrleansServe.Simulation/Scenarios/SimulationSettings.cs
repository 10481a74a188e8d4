using OrleansServe.Policies.Scaling;

namespace OrleansServe.Simulation.Scenarios;

/// <summary>What a scenario may say about how it is to be simulated; everything has a default.</summary>
public sealed record SimulationSettings
{
    /// <summary>Everything drawn is a function of it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>When the day begins.</summary>
    public DateTimeOffset Start { get; init; } = new(2025, 2, 27, 12, 0, 0, TimeSpan.FromHours(8));

    /// <summary>Hours with other prices of a GPU, by the clock of <see cref="Start"/>; whole minutes.</summary>
    public IReadOnlyList<PriceWindow> GpuHourPrices { get; init; } = [];

    /// <summary>Between the hours of the curve.</summary>
    public DemandShape Demand { get; init; } = DemandShape.Interpolated;

    /// <summary>Days that the policy has seen before the one that counts.</summary>
    public int EarlierDays { get; init; } = 1;

    /// <summary>Demand of the earlier days, as a multiple of this day's.</summary>
    public double EarlierLevel { get; init; } = 1;

    /// <summary>From the decision to start a unit until it serves.</summary>
    public TimeSpan StartUp { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From one decision to the next.</summary>
    public TimeSpan DecisionInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A request meets its target if its first token comes within this.</summary>
    public TimeSpan FirstTokenTarget { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A request that has not been admitted after this is refused.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Share of the capacity at which the optimum serves the demand.</summary>
    public double OptimumUtilization { get; init; } = 20.0 / 21;

    /// <summary>Share of the capacity that our policy aims at.</summary>
    public double Utilization { get; init; } = 0.97;

    /// <summary>Requests a day that are simulated one by one; where there are more, one stands for several.</summary>
    public int MostSimulatedRequests { get; init; } = 1_500_000;

    /// <summary>Least units of prefill.</summary>
    public int LeastPrefillUnits { get; init; } = 1;

    /// <summary>Least units of decode.</summary>
    public int LeastDecodeUnits { get; init; } = 1;

    /// <summary>File with the requests, in the form of Mooncake's traces; null where they follow the curve.</summary>
    public string? TraceFile { get; init; }

    /// <summary>Of a trace: blocks of 512 tokens that a prefill unit can keep.</summary>
    public int TraceKvBlocks { get; init; } = 10_000;

    /// <summary>Nodes that exist; 0 for as many as are asked for. Units beyond them stay pending.</summary>
    public int ClusterNodes { get; init; }
}
