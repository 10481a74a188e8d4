using OrleansServe.Policies.Scaling;
using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Fleet;

namespace OrleansServe.Simulation.Runs;

/// <summary>Counts what a fleet's scheduler and workers would report, and nothing that they could not know.</summary>
internal sealed class FleetMonitor(RoleFleet prefill, RoleFleet decode, CapacityModel capacity, Dispatcher dispatcher, Queue<Arrival> waiting)
{
    // Answers are expected to be as long as those that ended lately were.
    private const double RememberedRequests = 1_000_000;

    private double _endedTokens;
    private double _endedRequests;
    private long _requests;
    private long _inputTokens;
    private double _prefillTokens;
    private double _prefillSeconds;
    private double _activeTicks;

    /// <summary>Requests came.</summary>
    public void Arrived(in Arrival arrival)
    {
        _requests += arrival.Requests;
        _inputTokens += arrival.InputTokens;
    }

    /// <summary>Requests ended.</summary>
    public void Ended(long requests, long outputTokens)
    {
        double kept = Math.Max(0, 1 - (requests / RememberedRequests));
        _endedRequests = (_endedRequests * kept) + requests;
        _endedTokens = (_endedTokens * kept) + outputTokens;
    }

    /// <summary>What is to be seen now; the counts begin anew.</summary>
    /// <param name="at">The time, for the policy.</param>
    /// <param name="now">The same, in ticks.</param>
    /// <param name="window">Since the last time.</param>
    public FleetObservation Observe(DateTimeOffset at, long now, TimeSpan window)
    {
        double meanOutput = _endedRequests > 0 ? _endedTokens / _endedRequests : 0;
        double backlog = dispatcher.PrefillBacklog(now);
        double servedTokens = dispatcher.PrefillTokens - (backlog * capacity.PrefillUnitRate);
        double servedSeconds = dispatcher.PrefillUnitSeconds - backlog;
        double activeTicks = dispatcher.ActiveTicksAt(now);
        double busyDecode = (activeTicks - _activeTicks) / TimeSpan.TicksPerSecond / capacity.Places;
        (double waitingInput, double waitingRequests) = Waiting();
        bool decodeIsFull = dispatcher.DecodeIsFull;
        TimeSpan oldest = waiting.TryPeek(out Arrival first) ? TimeSpan.FromTicks(now - first.Ticks) : TimeSpan.Zero;
        FleetObservation observation = new(
            at,
            window,
            Count(prefill) with
            {
                Standard = new ClassLoad(_inputTokens, (backlog * capacity.PrefillUnitRate) + (decodeIsFull ? 0 : waitingInput), oldest),
                ServedTokens = Math.Max(0, servedTokens - _prefillTokens),
                BusyUnitSeconds = Math.Max(0, servedSeconds - _prefillSeconds),
                InFlightUnits = Math.Min(prefill.Ready + prefill.Draining, Math.Max(0, servedSeconds - _prefillSeconds) / window.TotalSeconds),
            },
            Count(decode) with
            {
                Standard = new ClassLoad(_requests * meanOutput, decodeIsFull ? waitingRequests * meanOutput : 0, oldest),
                ServedTokens = busyDecode * decode.Model.UnitCapacity,
                BusyUnitSeconds = busyDecode,
                InFlightUnits = Math.Max((double)decode.Active / capacity.Places, (double)decode.Blocks / capacity.DecodeBlocks),
                KvUse = decode.Ready > 0 ? Math.Min(1, (double)decode.Blocks / capacity.DecodeBlocks / decode.Ready) : 0,
            });
        (_requests, _inputTokens, _prefillTokens, _prefillSeconds, _activeTicks) = (0, 0, servedTokens, servedSeconds, activeTicks);
        return observation;
    }

    private static RoleObservation Count(RoleFleet fleet) => new() { Ready = fleet.Ready, Starting = fleet.Starting, Unschedulable = fleet.Pending };

    private (double InputTokens, double Requests) Waiting()
    {
        double tokens = 0;
        double requests = 0;
        foreach (Arrival arrival in waiting)
        {
            tokens += arrival.InputTokens;
            requests += arrival.Requests;
        }

        return (tokens, requests);
    }
}
