using OrleansServe.Policies.Balancing;
using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Fleet;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>
/// Simulates a day by discrete events: requests come, are admitted and placed by the cluster's policies, and end; units start and leave. A function of scenario, policy and
/// the scenario's seed alone.
/// </summary>
public sealed class Simulator
{
    private static readonly long WarmUp = TimeSpan.FromMinutes(30).Ticks;
    private static readonly long RetryAfter = TimeSpan.FromMilliseconds(100).Ticks;

    private readonly Scenario _scenario;
    private readonly FleetPolicy _policy;
    private readonly DemandCurve _curve;
    private readonly RoleFleet _prefill;
    private readonly RoleFleet _decode;
    private readonly Recorder _recorder;
    private readonly Dispatcher _dispatcher;
    private readonly EventQueue _events = new();
    private readonly Queue<Arrival> _waiting = [];
    private readonly FleetControl _control;
    private readonly FleetMonitor _monitor;
    private readonly IFleetPlan _plan;
    private readonly long _begin;
    private bool _retrying;

    private Simulator(Scenario scenario, FleetPolicy policy)
    {
        _scenario = scenario;
        _policy = policy;
        _curve = new DemandCurve(scenario.HourlyDemand, scenario.Settings.Demand);
        double busiest = _curve.Pieces.Max(piece => Math.Max(piece.First, piece.Last));

        // Prefixes are cached by units, so that each has a place of its own.
        _prefill = new RoleFleet(scenario.Prefill, scenario.Trace.Count > 0 ? 1 : Optimum.Units(scenario, scenario.Prefill, scenario.InputTokens * busiest));
        _decode = new RoleFleet(scenario.Decode, Optimum.Units(scenario, scenario.Decode, scenario.OutputTokens * busiest));
        _recorder = new Recorder(scenario);
        CapacityModel capacity = new(scenario);
        _dispatcher = new Dispatcher(scenario, _prefill, _decode, capacity);
        _control = new FleetControl(scenario, _prefill, _decode, _recorder.Meter, _events);
        _monitor = new FleetMonitor(_prefill, _decode, capacity, _dispatcher, _waiting);
        _plan = policy == FleetPolicy.Printed ? new PrintedPlan(scenario) : new ScaledPlan(scenario, _curve, _monitor);
        _begin = policy == FleetPolicy.Printed || scenario.Settings.EarlierDays == 0 ? -WarmUp : -scenario.Settings.EarlierDays * TimeSpan.TicksPerDay;
    }

    /// <summary>Simulates a day.</summary>
    /// <param name="scenario">The day.</param>
    /// <param name="policy">Who decides how large the fleet is.</param>
    /// <param name="progress">Told now and then which share is done, in [0, 1].</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="ScenarioException">The printed policy is asked for, and the scenario has no node curve.</exception>
    public static SimulationResult Run(Scenario scenario, FleetPolicy policy, Action<double>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        return policy == FleetPolicy.Printed && scenario.PrintedNodes.Count == 0
            ? throw new ScenarioException(["node_count_steps is missing: the printed policy is the source's node curve"])
            : new Simulator(scenario, policy).Run(progress, cancellation);
    }

    private SimulationResult Run(Action<double>? progress, CancellationToken cancellation)
    {
        const int Batch = 1 << 14;
        _events.Add(_plan.Apply(_control, _begin), new SimulatedEvent(EventKind.Plan));
        int untilReport = 0;
        foreach (Arrival arrival in Arrivals())
        {
            if (untilReport-- == 0)
            {
                untilReport = Batch;
                cancellation.ThrowIfCancellationRequested();
                progress?.Invoke(Math.Clamp((double)(arrival.Ticks - _begin) / (TimeSpan.TicksPerDay - _begin), 0, 1));
            }

            AdvanceTo(arrival.Ticks);
            Arrive(arrival);
        }

        // The day's last nodes count, and so do those who still wait at its end.
        AdvanceTo(TimeSpan.TicksPerDay);
        while (_waiting.Count > 0 && _events.TryPeek(out long ticks))
        {
            cancellation.ThrowIfCancellationRequested();
            AdvanceTo(ticks);
        }

        progress?.Invoke(1);
        IReadOnlyList<int> optimum = Optimum.NodesByStep(_scenario, _curve);
        return new SimulationResult
        {
            Scenario = _scenario,
            Policy = _policy,
            Hours = _recorder.Close(Optimum.ByHour(optimum)),
            Nodes = _recorder.Meter.Steps,
            OptimumNodes = Optimum.Steps(optimum),
            NodeHours = _recorder.Meter.NodeHours,
            FirstTokenMedian = _recorder.FirstTokens.At(0.5),
            FirstTokenP99 = _recorder.FirstTokens.At(0.99),
            RequestsPerSimulated = Math.Max(1, (double)_scenario.Requests / _scenario.Settings.MostSimulatedRequests),
            UnitsMoved = _control.UnitsMoved,
        };
    }

    private IEnumerable<Arrival> Arrivals()
    {
        if (_scenario.Trace.Count > 0)
        {
            return DayArrivals.Replay(_scenario.Trace);
        }

        int first = (int)Math.Floor((double)_begin / TimeSpan.TicksPerDay);
        return Enumerable.Range(first, 1 - first)
            .SelectMany(day => DayArrivals.Draw(_scenario, _curve, day, day < 0 && _begin < -WarmUp ? _scenario.Settings.EarlierLevel : 1))
            .SkipWhile(arrival => arrival.Ticks < _begin);
    }

    private void AdvanceTo(long now)
    {
        while (_events.TryPeek(out long ticks) && ticks <= now)
        {
            Happen(_events.Take(), ticks);
        }
    }

    private void Happen(in SimulatedEvent happening, long now)
    {
        switch (happening.Kind)
        {
            case EventKind.StreamsEnd:
                _dispatcher.End(happening.Unit!, happening.Blocks, now);
                _monitor.Ended(happening.Requests, happening.OutputTokens);
                if (happening.Unit is { State: UnitState.Draining, Active: 0 } unit)
                {
                    _control.Release(unit, now);
                }

                break;
            case EventKind.UnitReady:
                happening.Unit!.Fleet.BecomeReady(happening.Unit);
                break;
            case EventKind.UnitGone:
                _control.Release(happening.Unit!, now);
                break;
            case EventKind.Plan:
                _events.Add(_plan.Apply(_control, now), new SimulatedEvent(EventKind.Plan));
                break;
            default:
                _retrying = false;
                break;
        }

        AdmitWaiting(now);
    }

    private void Arrive(in Arrival arrival)
    {
        _monitor.Arrived(arrival);
        if (_waiting.Count > 0 || !TryAdmit(arrival, arrival.Ticks))
        {
            _waiting.Enqueue(arrival);
            AdmitWaiting(arrival.Ticks);
        }
    }

    private void AdmitWaiting(long now)
    {
        while (_waiting.TryPeek(out Arrival first))
        {
            if (now - first.Ticks > _scenario.Settings.Patience.Ticks)
            {
                _recorder.Refused(first);
            }
            else if (!TryAdmit(first, now))
            {
                break;
            }

            _waiting.Dequeue();
        }

        if (_waiting.Count > 0 && !_retrying)
        {
            _retrying = true;
            _events.Add(now + RetryAfter, new SimulatedEvent(EventKind.Retry));
        }
    }

    private bool TryAdmit(in Arrival arrival, long now)
    {
        switch (_dispatcher.TryAdmit(arrival, now, out Admission admission))
        {
            case AdmissionVerdict.Admit:
                _events.Add(admission.End, new SimulatedEvent(EventKind.StreamsEnd, admission.Decode, admission.Blocks, arrival.Requests, arrival.OutputTokens));
                _recorder.Served(arrival, admission);
                return true;
            case AdmissionVerdict.TooLarge:
                _recorder.Refused(arrival);
                return true;
            default:
                return false;
        }
    }
}
