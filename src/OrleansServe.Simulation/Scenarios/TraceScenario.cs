namespace OrleansServe.Simulation.Scenarios;

/// <summary>Puts the requests of a trace in the place of a scenario's demand curve.</summary>
public static class TraceScenario
{
    private const int HourMilliseconds = 3_600_000;

    /// <summary>The scenario whose requests are those of a trace, with their prefixes. What is found in caches then is what caches hold.</summary>
    /// <param name="scenario">Units, capacities and prices; its capacity of prefill counts tokens that are computed.</param>
    /// <param name="trace">Requests in the order of their times.</param>
    /// <exception cref="ScenarioException">The trace is empty or longer than a day.</exception>
    public static Scenario WithTrace(this Scenario scenario, IReadOnlyList<TraceRequest> trace)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(trace);
        const long Day = (long)Scenario.Hours * HourMilliseconds;
        if (trace.Count == 0 || trace[^1].Milliseconds >= Day)
        {
            throw new ScenarioException([$"simulation.trace must have requests within {Day} ms, {(trace.Count == 0 ? "has none" : $"ends at {trace[^1].Milliseconds}")}"]);
        }

        double[] hours = new double[Scenario.Hours];
        foreach (TraceRequest request in trace)
        {
            hours[request.Milliseconds / HourMilliseconds] += request.InputTokens;
        }

        return scenario with
        {
            HourlyDemand = hours,
            Requests = trace.Count,
            InputTokens = trace.Sum(request => (long)request.InputTokens),
            CachedTokens = 0,
            OutputTokens = trace.Sum(request => (long)request.OutputTokens),
            Trace = trace,
            Settings = scenario.Settings with { EarlierDays = 0, Demand = DemandShape.Hourly, MostSimulatedRequests = Math.Max(trace.Count, scenario.Settings.MostSimulatedRequests) },
        };
    }
}
