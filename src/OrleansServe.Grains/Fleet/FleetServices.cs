using OrleansServe.Grains.Instruments;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Grains.Fleet;

/// <summary>What the fleet grain is given beside the framework's services.</summary>
public sealed class FleetServices
{
    internal FleetServices(ScalingOptions options, IFleetAdapter adapter, FleetMetrics metrics, TimeProvider time) =>
        (Options, Policy, Adapter, Metrics, Time) = (options, new ScalingPolicy(options), adapter, metrics, time);

    internal ScalingOptions Options { get; }

    internal ScalingPolicy Policy { get; }

    internal IFleetAdapter Adapter { get; }

    internal FleetMetrics Metrics { get; }

    /// <summary>The clock that decisions go by: days, hours and intervals.</summary>
    internal TimeProvider Time { get; }
}
