namespace OrleansServe.Grains.Usage;

/// <summary>Requests that ended in an hour and have been recorded.</summary>
[GenerateSerializer, Alias("os.recorded-hour")]
public sealed class RecordedHour
{
    /// <summary>When the hour began, in UTC.</summary>
    [Id(0)]
    public DateTimeOffset Hour { get; set; }

    /// <summary>The requests.</summary>
    [Id(1)]
    public HashSet<Guid> Requests { get; set; } = [];
}
