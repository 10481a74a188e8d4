namespace OrleansServe.Abstractions.Fleet;

/// <summary>Decides how many units the fleet is to have, and has them started and stopped. Key: <see cref="Key"/>, one a cluster. Persisted.</summary>
[Alias("os.fleet")]
public interface IFleetGrain : IGrainWithStringKey
{
    /// <summary>Its key.</summary>
    const string Key = "cluster";

    /// <summary>Decides, if the last decision is long enough ago. Gateways call it again and again; how many do makes no difference.</summary>
    [Alias("decide")]
    Task DecideAsync();

    /// <summary>The last decision.</summary>
    [Alias("status")]
    Task<FleetStatus> GetStatusAsync();
}
