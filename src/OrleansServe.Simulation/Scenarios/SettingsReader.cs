using System.Globalization;
using System.Text.Json;

using OrleansServe.Policies.Scaling;

namespace OrleansServe.Simulation.Scenarios;

/// <summary>Reads a scenario's part <c>simulation</c>.</summary>
internal static class SettingsReader
{
    /// <param name="fields">The part; missing fields keep their defaults.</param>
    /// <param name="begin">Local time at which the day begins, where the node curve says it.</param>
    public static SimulationSettings Read(JsonFields fields, TimeOnly? begin)
    {
        SimulationSettings defaults = new();
        SimulationSettings settings = new()
        {
            Seed = (ulong)fields.Integer("seed", (long)defaults.Seed, 0, long.MaxValue),
            Start = ReadStart(fields, begin is { } time ? defaults.Start.Add(time.ToTimeSpan() - defaults.Start.TimeOfDay) : defaults.Start),
            GpuHourPrices = ReadPrices(fields),
            Demand = ReadShape(fields),
            EarlierDays = (int)fields.Integer("earlier_days", defaults.EarlierDays, 0, 7),
            EarlierLevel = fields.Number("earlier_level", defaults.EarlierLevel, 0.01, 100),
            StartUp = Duration(fields, "start_up_seconds", defaults.StartUp, 0, 6 * 3600),
            DecisionInterval = Duration(fields, "decision_seconds", defaults.DecisionInterval, 5, 3600),
            FirstTokenTarget = Duration(fields, "ttft_target_seconds", defaults.FirstTokenTarget, 0.001, 3600),
            Patience = Duration(fields, "patience_seconds", defaults.Patience, 0, 3600),
            OptimumUtilization = fields.Number("optimum_utilization", defaults.OptimumUtilization, 0.1, 1),
            Utilization = fields.Number("utilization", defaults.Utilization, 0.1, 1),
            MostSimulatedRequests = (int)fields.Integer("simulated_requests", defaults.MostSimulatedRequests, 1000, 20_000_000),
            LeastPrefillUnits = (int)fields.Integer("least_prefill_units", defaults.LeastPrefillUnits, 0, ScenarioReader.MostUnits),
            LeastDecodeUnits = (int)fields.Integer("least_decode_units", defaults.LeastDecodeUnits, 0, ScenarioReader.MostUnits),
            TraceFile = fields.Text("trace", 1000),
            TraceKvBlocks = (int)fields.Integer("trace_kv_blocks", defaults.TraceKvBlocks, 1, 100_000),
            ClusterNodes = (int)fields.Integer("cluster_nodes", defaults.ClusterNodes, 0, ScenarioReader.MostNodes),
        };
        fields.RefuseOthers();
        foreach (string fault in ScalingOptionsValidator.FindFaults(new ScalingOptions { Prices = settings.GpuHourPrices }))
        {
            fields.Fault("gpu_hour_prices", fault);
        }

        return settings;
    }

    private static TimeSpan Duration(JsonFields fields, string name, TimeSpan fallback, double least, double most) =>
        TimeSpan.FromSeconds(fields.Number(name, fallback.TotalSeconds, least, most));

    private static List<PriceWindow> ReadPrices(JsonFields fields)
    {
        List<PriceWindow> windows = [];
        foreach (JsonElement entry in fields.Array("gpu_hour_prices", 1, 24, required: false))
        {
            JsonFields window = fields.Element(entry, $"gpu_hour_prices[{windows.Count}]");
            windows.Add(new PriceWindow(ReadTime(window, "from"), ReadTime(window, "to"), window.Money("usd", null, 1_000_000)));
            window.RefuseOthers();
        }

        return windows;
    }

    private static TimeOnly ReadTime(JsonFields fields, string name)
    {
        string? text = fields.Text(name, 5);
        if (TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time))
        {
            return time;
        }

        fields.Fault(name, $"must be a time as 07:30, is {text ?? "missing"}");
        return default;
    }

    private static DemandShape ReadShape(JsonFields fields)
    {
        switch (fields.Text("demand", 20))
        {
            case null or "interpolated":
                return DemandShape.Interpolated;
            case "hourly":
                return DemandShape.Hourly;
            case { } other:
                fields.Fault("demand", $"must be interpolated or hourly, is {other}");
                return default;
        }
    }

    private static DateTimeOffset ReadStart(JsonFields fields, DateTimeOffset fallback)
    {
        if (fields.Text("start", 40) is not { } text)
        {
            return fallback;
        }

        if (DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mmzzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset start) && start.Year is > 1970 and < 2200)
        {
            return start;
        }

        fields.Fault("start", $"must be a time from 1971 to 2199 as 2025-02-27T12:00+08:00, is {text}");
        return fallback;
    }
}
