using OrleansServe.Grains.Instruments;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>What the experts' plan is given of its silo beside options.</summary>
public sealed class ExpertPlanServices
{
    internal ExpertPlanServices(ExpertPlanMetrics metrics) => Metrics = metrics;

    internal ExpertPlanMetrics Metrics { get; }
}
