using OrleansServe.Abstractions.Workers;
using Prometheus;

namespace OrleansServe.Grains.Instruments;

/// <summary>What the fleet grain publishes, by role.</summary>
internal sealed class FleetMetrics(IMetricFactory factory)
{
    /// <summary>Reasons of decisions.</summary>
    public static readonly string[] Reasons = ["grown", "shrunk", "kept", "no_report"];

    private static readonly WorkerRole[] Roles = [WorkerRole.Prefill, WorkerRole.Decode];

    private readonly Gauge _wanted = factory.CreateGauge(MetricNames.FleetUnitsWanted, "Units that the fleet is to have.", ["role"]);
    private readonly Gauge _units = factory.CreateGauge(MetricNames.FleetUnits, "Units that serve.", ["role"]);
    private readonly Counter _decisions = factory.CreateCounter(MetricNames.FleetDecisions, "Decisions on the fleet.", ["role", "reason"]);
    private readonly Gauge _unchangeable = factory.CreateGauge(MetricNames.FleetUnchangeable, "1 while the fleet cannot be changed.");
    private readonly Gauge _cost = factory.CreateGauge(MetricNames.FleetCost, "What the units wanted cost in an hour, in US dollars.");

    /// <summary>The grain has come to this silo: every series is there from its begin.</summary>
    public void Begin()
    {
        foreach (WorkerRole role in Roles)
        {
            foreach (string reason in Reasons)
            {
                _decisions.WithLabels(MetricLabels.Of(role), reason);
            }
        }
    }

    /// <summary>The grain leaves this silo, and another's figures hold from now on.</summary>
    public void End()
    {
        foreach (WorkerRole role in Roles)
        {
            _wanted.RemoveLabelled(MetricLabels.Of(role));
            _units.RemoveLabelled(MetricLabels.Of(role));
        }

        _unchangeable.Set(0);
        _cost.Set(0);
    }

    /// <summary>Counts a decision.</summary>
    public void Decided(WorkerRole role, int? before, int units, bool seen)
    {
        _wanted.WithLabels(MetricLabels.Of(role)).Set(units);
        _decisions.WithLabels(MetricLabels.Of(role), !seen ? "no_report" : units > before ? "grown" : units < before ? "shrunk" : "kept").Inc();
    }

    /// <summary>Sets how many units serve.</summary>
    public void Serving(WorkerRole role, int units) => _units.WithLabels(MetricLabels.Of(role)).Set(units);

    /// <summary>Sets whether the fleet can be changed.</summary>
    public void Changeable(bool can) => _unchangeable.Set(can ? 0 : 1);

    /// <summary>Sets what the units wanted cost; the exposition format knows floating point only.</summary>
    public void Costs(decimal perHour) => _cost.Set((double)perHour);
}
