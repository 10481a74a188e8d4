using System.Collections.Immutable;

namespace OrleansServe.Abstractions.Usage;

/// <summary>What the nodes that serve a model version cost. Key: the model version. Persisted.</summary>
[Alias("os.cost-meter")]
public interface ICostMeterGrain : IGrainWithStringKey
{
    /// <summary>Counts the nodes of now for the time since the last reading. Gateways call it again and again; how many do makes no difference.</summary>
    [Alias("read")]
    Task ReadAsync();

    /// <summary>Hours in [<paramref name="from"/>, <paramref name="to"/>), in order.</summary>
    [Alias("hours")]
    Task<ImmutableArray<HourCost>> GetHoursAsync(DateTimeOffset from, DateTimeOffset to);
}
