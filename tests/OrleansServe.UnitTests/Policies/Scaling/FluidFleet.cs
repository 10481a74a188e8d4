using OrleansServe.Policies.Scaling;

namespace OrleansServe.UnitTests.Policies.Scaling;

/// <summary>A fleet that serves a demand like water, for properties of the policy alone: what arrives is served as far as the units that are ready can, the rest queues.</summary>
internal sealed class FluidFleet(ScalingOptions options, DateTimeOffset begin)
{
    public const double Capacity = 1000;

    private readonly ScalingPolicy _policy = new(options);
    private readonly Role _prefill = new();
    private readonly Role _decode = new();

    public DateTimeOffset Now { get; set; } = begin;

    public ScalingState State { get; set; } = new();

    /// <summary>Changes what the policy gets to see.</summary>
    public Func<FleetObservation, FleetObservation?> Seen { get; set; } = observation => observation;

    /// <summary>Units for which there are nodes.</summary>
    public int Nodes { get; set; } = int.MaxValue;

    public int Ready => _prefill.Ready;

    public int Starting => _prefill.Starting.Count;

    public double Queue => _prefill.Queue;

    /// <summary>What is under way in a role takes this many units, whatever was asked for; null for what is served.</summary>
    public double? InFlight { get; set; }

    /// <summary>Decides once, after a minute of demand in tokens a second for each role.</summary>
    public ScalingDecision Step(double demand)
    {
        TimeSpan minute = options.DecisionInterval;
        Now += minute;
        FleetObservation observation = new(Now, minute, _prefill.Serve(demand, minute, Now, InFlight), _decode.Serve(demand, minute, Now, InFlight));
        ScalingDecision decision = _policy.Decide(State, Seen(observation), Now);
        State = decision.State;
        _prefill.Apply(decision.Prefill.Units, Now + options.StartUp, Nodes);
        _decode.Apply(decision.Decode.Units, Now + options.StartUp, Nodes);
        return decision;
    }

    /// <summary>Steps for a time.</summary>
    public List<ScalingDecision> Run(TimeSpan time, Func<DateTimeOffset, double> demand)
    {
        List<ScalingDecision> decisions = [];
        for (DateTimeOffset end = Now + time; Now < end;)
        {
            decisions.Add(Step(demand(Now)));
        }

        return decisions;
    }

    private sealed class Role
    {
        public int Ready { get; private set; }

        public List<DateTimeOffset> Starting { get; } = [];

        public int Pending { get; private set; }

        public double Queue { get; private set; }

        public RoleObservation Serve(double demand, TimeSpan time, DateTimeOffset now, double? inFlight)
        {
            Ready += Starting.RemoveAll(ready => ready <= now);
            double arrived = demand * time.TotalSeconds;
            double served = Math.Min(Queue + arrived, Ready * Capacity * time.TotalSeconds);
            Queue = Math.Max(0, Queue + arrived - served);
            return new RoleObservation
            {
                Standard = new ClassLoad(arrived, Queue),
                ServedTokens = served,
                BusyUnitSeconds = served / Capacity,
                InFlightUnits = inFlight ?? (served / Capacity / time.TotalSeconds),
                Ready = Ready,
                Starting = Starting.Count,
                Unschedulable = Pending,
            };
        }

        public void Apply(int units, DateTimeOffset ready, int nodes)
        {
            int missing = units - Ready - Starting.Count;
            int room = Math.Max(0, nodes - Ready - Starting.Count);
            Starting.AddRange(Enumerable.Repeat(ready, Math.Clamp(missing, 0, room)));
            Pending = Math.Max(0, missing - room);
            for (; missing < 0; missing++)
            {
                if (Starting.Count > 0)
                {
                    Starting.RemoveAt(Starting.Count - 1);
                }
                else
                {
                    Ready--;
                }
            }
        }
    }
}
