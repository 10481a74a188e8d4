namespace OrleansServe.Silo.Options;

/// <summary>Where experts are, and when that changes.</summary>
public sealed record ExpertOptions
{
    /// <summary>Experts of each layer that a shard of this process holds; 0 for an equal share.</summary>
    public int Slots { get; init; }

    /// <summary>Experts that each shard of the cluster begins with, the same in every layer; empty for equal shares.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Plan { get; init; } = [];

    /// <summary>How long rows wait for an expert that no shard can compute.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of experts that a shard loads in a second while it serves; 0 for no limit.</summary>
    public long LoadBytesPerSecond { get; init; } = 256L << 20;

    /// <summary>How often loads are looked at; zero never moves experts for their loads.</summary>
    public TimeSpan RebalancePeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gain from which experts are moved.</summary>
    public double RebalanceGain { get; init; } = 0.05;

    /// <summary>Share of each layer's replicas that are moved at once at most.</summary>
    public double RebalanceMoves { get; init; } = 0.1;

    /// <summary>How long shards keep what only the plan before wants.</summary>
    public TimeSpan RetireDelay { get; init; } = TimeSpan.FromSeconds(10);
}
