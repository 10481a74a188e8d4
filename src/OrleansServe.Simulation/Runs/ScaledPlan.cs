using OrleansServe.Policies.Scaling;
using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>The fleet that the cluster's scaling policy asks for. It begins with what the demand of its first moment needs.</summary>
internal sealed class ScaledPlan : IFleetPlan
{
    private readonly Scenario _scenario;
    private readonly DemandCurve _curve;
    private readonly FleetMonitor _monitor;
    private readonly ScalingPolicy _policy;
    private ScalingState _state = new();
    private long? _last;

    /// <param name="scenario">The day.</param>
    /// <param name="curve">Its demand.</param>
    /// <param name="monitor">What the policy sees.</param>
    public ScaledPlan(Scenario scenario, DemandCurve curve, FleetMonitor monitor)
    {
        (_scenario, _curve, _monitor) = (scenario, curve, monitor);
        _policy = new ScalingPolicy(OptionsOf(scenario));
    }

    /// <inheritdoc/>
    public long Apply(FleetControl control, long now)
    {
        SimulationSettings settings = _scenario.Settings;
        if (_last is not { } last)
        {
            double rate = _curve.RateAt(settings.EarlierDays > 0 ? (double)now / TimeSpan.TicksPerSecond : 0);
            control.SetAtOnce(control.Prefill, Math.Max(settings.LeastPrefillUnits, Optimum.Units(_scenario, _scenario.Prefill, _scenario.InputTokens * rate)), now);
            control.SetAtOnce(control.Decode, Math.Max(settings.LeastDecodeUnits, Optimum.Units(_scenario, _scenario.Decode, _scenario.OutputTokens * rate)), now);
        }
        else
        {
            DateTimeOffset time = settings.Start + TimeSpan.FromTicks(now);
            ScalingDecision decision = _policy.Decide(_state, _monitor.Observe(time, now, TimeSpan.FromTicks(now - last)), time);
            _state = decision.State;
            control.Set(control.Prefill, decision.Prefill.Units, now);
            control.Set(control.Decode, decision.Decode.Units, now);
        }

        _last = now;
        return now + settings.DecisionInterval.Ticks;
    }

    /// <summary>What the policy is told: the printed averages as a first guess of the capacity, and no more of the day than an operator knows.</summary>
    public static ScalingOptions OptionsOf(Scenario scenario)
    {
        SimulationSettings settings = scenario.Settings;
        return new ScalingOptions
        {
            TimeZone = $"{(settings.Start.Offset < TimeSpan.Zero ? '-' : '+')}{settings.Start.Offset:hh\\:mm}",
            Prefill = RoleOf(scenario.Prefill, settings.LeastPrefillUnits),
            Decode = RoleOf(scenario.Decode, settings.LeastDecodeUnits),
            Standard = new ClassScaling(settings.Utilization, settings.FirstTokenTarget),
            GpusPerNode = scenario.GpusPerNode,
            GpuHourPrice = scenario.GpuHourPrice,
            Prices = settings.GpuHourPrices,
            StartUp = settings.StartUp,
            DecisionInterval = settings.DecisionInterval,
        };
    }

    private static RoleScaling RoleOf(UnitModel unit, int least) => new()
    {
        NodesPerUnit = unit.Nodes,
        Minimum = least,
        Maximum = ScalingOptionsValidator.MostUnits,
        InitialCapacity = unit.PrintedRate * unit.Nodes,
    };
}
