using OrleansServe.Policies.Pricing;
using OrleansServe.Policies.Scaling;
using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>Writes down what happens on the day that counts.</summary>
internal sealed class Recorder(Scenario scenario)
{
    private const int Hours = Scenario.Hours;
    private readonly long _target = scenario.Settings.FirstTokenTarget.Ticks;
    private readonly long[] _requests = new long[Hours];
    private readonly long[] _refused = new long[Hours];
    private readonly long[] _inTime = new long[Hours];
    private readonly long[] _input = new long[Hours];
    private readonly long[] _cached = new long[Hours];
    private readonly long[] _output = new long[Hours];

    /// <summary>Nodes over time.</summary>
    public NodeMeter Meter { get; } = new();

    /// <summary>Times to first tokens.</summary>
    public LatencyCounts FirstTokens { get; } = new();

    /// <summary>A request was admitted.</summary>
    public void Served(in Arrival arrival, in Admission admission)
    {
        if (HourOf(arrival) is not { } hour)
        {
            return;
        }

        long waited = admission.FirstToken - arrival.Ticks;
        FirstTokens.Add((double)waited / TimeSpan.TicksPerSecond, arrival.Requests);
        _requests[hour] += arrival.Requests;
        _inTime[hour] += waited <= _target ? arrival.Requests : 0;
        _input[hour] += arrival.InputTokens;
        _cached[hour] += admission.CachedTokens;
        _output[hour] += arrival.OutputTokens;
    }

    /// <summary>A request was refused.</summary>
    public void Refused(in Arrival arrival)
    {
        if (HourOf(arrival) is { } hour)
        {
            _requests[hour] += arrival.Requests;
            _refused[hour] += arrival.Requests;
        }
    }

    /// <summary>The hours of the day.</summary>
    /// <param name="optimum">[24] nodes on average of the optimum.</param>
    public IReadOnlyList<HourFigures> Close(IReadOnlyList<double> optimum)
    {
        Meter.CloseAt(TimeSpan.TicksPerDay);
        return
        [
            .. Enumerable.Range(0, Hours).Select(hour => new HourFigures
            {
                Hour = hour,
                Nodes = (double)Meter.NodeTicks.Skip(hour * 60).Take(60).Sum() / TimeSpan.TicksPerHour,
                OptimumNodes = optimum[hour],
                Requests = _requests[hour],
                Refused = _refused[hour],
                InTime = _inTime[hour],
                InputTokens = _input[hour],
                CachedTokens = _cached[hour],
                OutputTokens = _output[hour],
                Cost = CostOf(hour),
                Revenue = scenario.Prices.Of(new TokenCounts(_cached[hour], _input[hour] - _cached[hour], _output[hour], Reasoning: 0)),
            }),
        ];
    }

    private decimal CostOf(int hour)
    {
        GpuPrices prices = new(ScaledPlan.OptionsOf(scenario));
        decimal cost = 0;
        for (int minute = hour * 60; minute < (hour + 1) * 60; minute++)
        {
            cost += Meter.NodeTicks[minute] * prices.At(scenario.Settings.Start.AddMinutes(minute));
        }

        return cost * scenario.GpusPerNode / TimeSpan.TicksPerHour;
    }

    private static int? HourOf(in Arrival arrival) =>
        arrival.Ticks is >= 0 and < TimeSpan.TicksPerDay ? (int)(arrival.Ticks / TimeSpan.TicksPerHour) : null;
}
