namespace OrleansServe.Grains.Options;

/// <summary>When the experts' plan changes.</summary>
public sealed class ExpertPlanOptions
{
    /// <summary>How often loads are looked at; zero leaves the plan as it is, unless shards come or go.</summary>
    public TimeSpan RebalancePeriod { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>By how much the busiest devices' load has to fall, before / after − 1, for experts to be moved.</summary>
    public double LeastGain { get; set; } = 0.05;

    /// <summary>Share of each layer's replicas that are moved at once at most, where shards neither come nor go.</summary>
    public double MostMoved { get; set; } = 0.1;

    /// <summary>How long shards keep what only the plan before wants: longer than it takes every silo to hear of the next one.</summary>
    public TimeSpan RetireDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a cluster that starts waits for shards that hold the rest of the experts, before those that are there load them.</summary>
    public TimeSpan StartPatience { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often shards are asked what they hold and have done.</summary>
    public TimeSpan AskInterval { get; set; } = TimeSpan.FromSeconds(1);
}
