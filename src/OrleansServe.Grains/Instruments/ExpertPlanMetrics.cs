using System.Collections.Immutable;
using System.Globalization;
using Prometheus;

namespace OrleansServe.Grains.Instruments;

/// <summary>What the keeper of the experts' plan publishes, by model and layer; never by expert, of which a model has thousands.</summary>
internal sealed class ExpertPlanMetrics(IMetricFactory factory)
{
    private readonly Gauge _epoch = factory.CreateGauge(MetricNames.ExpertPlanEpoch, "Epoch of the experts' plan in use.", ["model"]);
    private readonly Counter _plans = factory.CreateCounter(MetricNames.ExpertPlans, "Plans of experts that were made.", ["model", "outcome"]);
    private readonly Counter _moved = factory.CreateCounter(MetricNames.ExpertReplicasMoved, "Experts' replicas that plans had loaded.", ["model"]);
    private readonly Gauge _balancedness = factory.CreateGauge(MetricNames.ExpertBalancedness, "Mean over largest load of a device, since the plan was published.", ["model", "layer"]);
    private readonly Gauge _hottest = factory.CreateGauge(MetricNames.ExpertHottestRatio, "Rows of the hottest expert over the mean, since the plan was published.", ["model", "layer"]);

    public void Published(string model, long epoch, int moved)
    {
        _epoch.WithLabels(model).Set(epoch);
        _plans.WithLabels(model, "published").Inc();
        _moved.WithLabels(model).Inc(moved);
    }

    /// <summary>A plan was begun and could not be completed.</summary>
    public void Abandoned(string model) => _plans.WithLabels(model, "abandoned").Inc();

    /// <summary>Loads were looked at, and nothing was worth moving.</summary>
    public void Kept(string model) => _plans.WithLabels(model, "kept").Inc();

    /// <summary>Sets how evenly devices are loaded.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layers">Its MoE layers.</param>
    /// <param name="devices">[layers][devices] rows.</param>
    /// <param name="loads">[layers][experts] rows; a layer without any is left as it was.</param>
    public void Balance(string model, ImmutableArray<int> layers, double[][] devices, double[][] loads)
    {
        for (int i = 0; i < layers.Length; i++)
        {
            if (devices[i].DefaultIfEmpty(0).Max() is > 0 and var busiest)
            {
                string layer = layers[i].ToString(CultureInfo.InvariantCulture);
                _balancedness.WithLabels(model, layer).Set(devices[i].Average() / busiest);
                _hottest.WithLabels(model, layer).Set(loads[i].Max() / loads[i].Average());
            }
        }
    }

    /// <summary>The keeper is about to live on another silo, whose figures hold from now on.</summary>
    public void End(string model) => _epoch.WithLabels(model).Set(0);
}
