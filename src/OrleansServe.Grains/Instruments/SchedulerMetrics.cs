using OrleansServe.Policies.Batching;
using Prometheus;

namespace OrleansServe.Grains.Instruments;

/// <summary>What the scheduler publishes, by model and outcome.</summary>
internal sealed class SchedulerMetrics(IMetricFactory factory)
{
    private readonly Gauge _queued = factory.CreateGauge(MetricNames.SchedulerQueuedRequests, "Requests that wait for admission.", ["model", "class"]);

    public Counter Admissions { get; } = factory.CreateCounter(MetricNames.SchedulerAdmissions, "Answers to admission requests.", ["model", "outcome"]);

    public Gauge Workers { get; } = factory.CreateGauge(MetricNames.SchedulerWorkers, "Workers that report.", ["model", "role"]);

    /// <summary>Sets how many of a class wait.</summary>
    public void Waiting(string model, ServiceClass serviceClass, int requests) =>
        _queued.WithLabels(model, MetricLabels.Of(serviceClass)).Set(requests);
}
