using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Batching;
using Prometheus;

namespace OrleansServe.Grains.Instruments;

/// <summary>What the scheduler publishes, by model and outcome.</summary>
internal sealed class SchedulerMetrics(IMetricFactory factory)
{
    private readonly Gauge _queued = factory.CreateGauge(MetricNames.SchedulerQueuedRequests, "Requests that wait for admission.", ["model", "class"]);

    private readonly Counter _admissions = factory.CreateCounter(MetricNames.SchedulerAdmissions, "Answers to admission requests.", ["model", "outcome"]);

    private readonly Gauge _workers = factory.CreateGauge(MetricNames.SchedulerWorkers, "Workers that report.", ["model", "role"]);

    /// <summary>Publishes every outcome and class at zero: a series that appears with its first event has no rate at that event.</summary>
    public void Begin(string model)
    {
        foreach (ServiceClass serviceClass in Enum.GetValues<ServiceClass>())
        {
            Waiting(model, serviceClass, 0);
        }

        foreach (AdmissionOutcome outcome in Enum.GetValues<AdmissionOutcome>())
        {
            _admissions.WithLabels(model, MetricLabels.Of(outcome));
        }
    }

    /// <summary>The scheduler is about to live on another silo, whose figures hold from now on.</summary>
    public void End(string model)
    {
        foreach (ServiceClass serviceClass in Enum.GetValues<ServiceClass>())
        {
            Waiting(model, serviceClass, 0);
        }

        foreach (WorkerRole role in Enum.GetValues<WorkerRole>())
        {
            Working(model, role, 0);
        }
    }

    /// <summary>Counts an answer.</summary>
    public void Answered(string model, AdmissionOutcome outcome) => _admissions.WithLabels(model, MetricLabels.Of(outcome)).Inc();

    /// <summary>Sets how many of a class wait.</summary>
    public void Waiting(string model, ServiceClass serviceClass, int requests) =>
        _queued.WithLabels(model, MetricLabels.Of(serviceClass)).Set(requests);

    /// <summary>Sets how many workers of a role report.</summary>
    public void Working(string model, WorkerRole role, int workers) => _workers.WithLabels(model, MetricLabels.Of(role)).Set(workers);
}
