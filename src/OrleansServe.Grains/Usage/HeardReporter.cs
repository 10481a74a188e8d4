namespace OrleansServe.Grains.Usage;

/// <summary>How far a gateway has told what its requests used.</summary>
[GenerateSerializer, Alias("os.heard-reporter")]
public sealed class HeardReporter
{
    /// <summary>The gateway's process.</summary>
    [Id(0)]
    public Guid Reporter { get; set; }

    /// <summary>Number of its last record; all up to it are recorded.</summary>
    [Id(1)]
    public long Last { get; set; }

    /// <summary>When it was last heard of.</summary>
    [Id(2)]
    public DateTimeOffset At { get; set; }
}
