using System.Globalization;
using System.Text.Json;
using OrleansServe.Policies.Pricing;

namespace OrleansServe.Simulation.Scenarios;

/// <summary>Reads scenarios in the form of <c>deepseek-day.json</c> (docs/simulation.md describes the fields) and works out what they leave unsaid.</summary>
public static class ScenarioReader
{
    /// <summary>Most bytes of a scenario.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Most nodes of a fleet.</summary>
    public const int MostNodes = 100_000;

    /// <summary>Most units of a role.</summary>
    public const int MostUnits = 10_000;

    private const int MostDepth = 16;
    private const long MostTokens = 1_000_000_000_000_000;
    private const double MostRate = 1e9;
    private const decimal MostPrice = 1_000_000;

    // Printed token totals have three digits: within that they are taken to be those that earn what was printed.
    private const decimal PrintedPrecision = 0.002m;

    // Room above the busiest hour, so that queues stay finite.
    private const double Headroom = 1.05;

    /// <summary>The day that comes with the program: DeepSeek-V3/R1's online inference of 2025-02-27.</summary>
    public static Scenario ReadDefault()
    {
        using Stream stream = typeof(ScenarioReader).Assembly.GetManifestResourceStream("deepseek-day.json")!;
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return Read(copy.ToArray());
    }

    /// <summary>Reads a scenario.</summary>
    /// <param name="json">A JSON object in UTF-8.</param>
    /// <exception cref="ScenarioException">Something is wrong with it; every fault is listed with field, limit and value.</exception>
    public static Scenario Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > MostBytes)
        {
            throw new ScenarioException([$"a scenario has at most {MostBytes} bytes, this one has {json.Length}"]);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MostDepth, AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Skip });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement)
                : throw new ScenarioException([$"a scenario must be a JSON object, is {JsonFields.Show(document.RootElement)}"]);
        }
        catch (JsonException exception)
        {
            throw new ScenarioException([$"a scenario must be JSON: {exception.Message}"]);
        }
    }

    private static Scenario Read(JsonElement root)
    {
        List<string> faults = [];
        JsonFields top = new(root, "", faults);
        JsonFields printed = top.Object("printed", required: true);
        JsonFields prices = printed.Object("price_usd_per_million", required: true);
        List<NodeStep> steps = ReadSteps(top, faults, out TimeOnly? begin);
        Scenario scenario = new()
        {
            Title = top.Text("title", 500) ?? "a scenario without a title",
            HourlyDemand = ReadCurve(top),
            Requests = 0,
            InputTokens = printed.Integer("input_tokens", null, 0, MostTokens),
            CachedTokens = printed.Integer("input_tokens_cache_hit", printed.Has("cache_hit_share") ? 0 : null, 0, MostTokens),
            OutputTokens = printed.Integer("output_tokens", null, 0, MostTokens),
            StreamRate = ReadStreamRate(printed),
            Prefill = ReadUnit(printed, "prefill_unit_nodes", "prefill_tokens_per_second_per_node_including_hits"),
            Decode = ReadUnit(printed, "decode_unit_nodes", "decode_tokens_per_second_per_node"),
            GpusPerNode = (int)printed.Integer("gpus_per_node", null, 1, 1024),
            GpuHourPrice = printed.Money("gpu_hour_usd", null, MostPrice),
            Prices = new TokenPrices(prices.Money("input_cache_hit", null, MostPrice), prices.Money("input_cache_miss", null, MostPrice), prices.Money("output", null, MostPrice)),
            PrintedNodes = steps,
            Settings = SettingsReader.Read(top.Object("simulation", required: false), begin),
        };
        if (!printed.Has("input_tokens_cache_hit"))
        {
            scenario = scenario with { CachedTokens = (long)(scenario.InputTokens * printed.Number("cache_hit_share", 0, 0, 1)) };
        }

        double meanKv = printed.Number("mean_kv_length_per_output_token", 4989, 1, 1e7);
        decimal revenue = printed.Money("daily_theoretical_revenue_usd", 0, MostTokens);
        JsonFields capacity = top.Object("inferred", required: false).Object("capacity_to_assume_tokens_per_second_per_node", required: false);
        double? prefillCapacity = capacity.Has("prefill") ? capacity.Number("prefill", null, 1e-3, MostRate) : null;
        double? decodeCapacity = capacity.Has("decode") ? capacity.Number("decode", null, 1e-3, MostRate) : null;
        int peakNodes = (int)printed.Integer("peak_nodes", steps.Count > 0 ? steps.Max(step => step.Nodes) : 0, 0, MostNodes);
        CheckTogether(scenario, faults);
        if (faults.Count > 0)
        {
            throw new ScenarioException(faults);
        }

        scenario = WithCapacity(WithExactTokens(scenario, revenue), prefillCapacity, decodeCapacity, peakNodes);
        scenario = scenario with { Requests = RequestsOf(scenario, meanKv) };
        CheckSize(scenario);
        return scenario;
    }

    private static double[] ReadCurve(JsonFields top)
    {
        IReadOnlyList<JsonElement> hours = top.Array("hourly_theoretical_revenue_usd", Scenario.Hours, Scenario.Hours, required: true);
        return [.. hours.Select((hour, i) => top.CheckedNumber(hour, $"hourly_theoretical_revenue_usd[{i}]", 0, 1e12) ?? 0)];
    }

    private static List<NodeStep> ReadSteps(JsonFields top, List<string> faults, out TimeOnly? begin)
    {
        begin = null;
        List<NodeStep> steps = [];
        foreach (JsonElement entry in top.Array("node_count_steps", 1, 1440, required: false))
        {
            string name = $"node_count_steps[{steps.Count}]";
            if (entry.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"{name} must be an object, is {JsonFields.Show(entry)}");
                continue;
            }

            JsonFields fields = new(entry, name, faults);
            NodeStep step = new(fields.Number("hour", null, 0, Math.BitDecrement(Scenario.Hours)), (int)fields.Integer("nodes", null, 0, MostNodes));
            if (steps.Count == 0 ? step.Hour != 0 : step.Hour <= steps[^1].Hour)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"{name}.hour must be {(steps.Count == 0 ? "0" : $"above the {steps[^1].Hour} before it")}, is {step.Hour}"));
            }

            if (steps.Count == 0 && fields.Text("local", 5) is { } local)
            {
                begin = TimeOnly.TryParseExact(local, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time) ? time : null;
                if (begin is null)
                {
                    faults.Add($"{name}.local must be a time as 07:30, is {local}");
                }
            }

            steps.Add(step);
        }

        return steps;
    }

    private static double ReadStreamRate(JsonFields printed)
    {
        const string Name = "output_tokens_per_second_per_user";
        IReadOnlyList<JsonElement> range = printed.Array(Name, 2, 2, required: false);
        double?[] rates = [.. range.Select((rate, i) => printed.CheckedNumber(rate, $"{printed.Full(Name)}[{i}]", 0.1, 1e6))];
        return rates is [{ } low, { } high] ? (low + high) / 2 : 21;
    }

    private static UnitModel ReadUnit(JsonFields printed, string nodes, string rate) =>
        new((int)printed.Integer(nodes, null, 1, MostNodes), 0, printed.Number(rate, null, 1e-3, MostRate));

    private static void CheckTogether(Scenario scenario, List<string> faults)
    {
        if (scenario.CachedTokens > scenario.InputTokens)
        {
            faults.Add($"printed.input_tokens_cache_hit must be at most printed.input_tokens {scenario.InputTokens}, is {scenario.CachedTokens}");
        }

        bool demand = scenario.InputTokens > 0 || scenario.OutputTokens > 0;
        if (demand && scenario.HourlyDemand.Count > 0 && scenario.HourlyDemand.Max() <= 0)
        {
            faults.Add($"hourly_theoretical_revenue_usd must be above 0 in some hour while there are tokens, is 0 in all");
        }
    }

    /// <summary>Tokens that earn what was printed, if that is what the printed totals round to.</summary>
    private static Scenario WithExactTokens(Scenario scenario, decimal revenue)
    {
        decimal rounded = scenario.Prices.Of(new TokenCounts(scenario.CachedTokens, scenario.InputTokens - scenario.CachedTokens, scenario.OutputTokens, Reasoning: 0));
        if (rounded <= 0 || revenue <= 0 || Math.Abs((revenue / rounded) - 1) > PrintedPrecision)
        {
            return scenario;
        }

        decimal factor = revenue / rounded;
        return scenario with
        {
            InputTokens = (long)(scenario.InputTokens * factor),
            CachedTokens = (long)(scenario.CachedTokens * factor),
            OutputTokens = (long)(scenario.OutputTokens * factor),
        };
    }

    /// <summary>Where no capacity is told: what the printed peak fleet must have been able to do in the busiest hour, and a little more.</summary>
    private static Scenario WithCapacity(Scenario scenario, double? prefill, double? decode, int peakNodes)
    {
        double total = scenario.HourlyDemand.Sum();
        double busiest = total > 0 ? scenario.HourlyDemand.Max() / total / 3600 : 0;
        double prefillLoad = scenario.InputTokens * busiest;
        double decodeLoad = scenario.OutputTokens * busiest;
        UnitSplit split = UnitSplit.Of(peakNodes, scenario.Prefill.Nodes, scenario.Decode.Nodes, prefillLoad / scenario.Prefill.PrintedRate, decodeLoad / scenario.Decode.PrintedRate);
        return scenario with
        {
            Prefill = scenario.Prefill with { Capacity = prefill ?? Capacity(prefillLoad, split.PrefillUnits, scenario.Prefill) },
            Decode = scenario.Decode with { Capacity = decode ?? Capacity(decodeLoad, split.DecodeUnits, scenario.Decode) },
        };
    }

    private static double Capacity(double load, int units, UnitModel unit) =>
        Headroom * (units > 0 && load > 0 ? load / ((double)units * unit.Nodes) : unit.PrintedRate);

    /// <summary>A token produced attends to its prompt and half of its answer on average: with the totals' proportion, that gives the mean lengths.</summary>
    private static long RequestsOf(Scenario scenario, double meanKv)
    {
        if (scenario.InputTokens == 0 && scenario.OutputTokens == 0)
        {
            return 0;
        }

        double promptsPerOutput = (double)scenario.InputTokens / Math.Max(1, scenario.OutputTokens);
        double meanOutput = Math.Max(1, meanKv / (promptsPerOutput + 0.5));
        double meanInput = Math.Max(1, meanOutput * promptsPerOutput);
        double requests = Math.Max(scenario.InputTokens / meanInput, scenario.OutputTokens / meanOutput);

        // Every request has at least a token of each.
        return (long)Math.Clamp(requests, 1, Math.Max(1, Math.Min(scenario.InputTokens, scenario.OutputTokens)));
    }

    private static void CheckSize(Scenario scenario)
    {
        List<string> faults = [];
        if (scenario.InputTokens == 0 != (scenario.OutputTokens == 0))
        {
            faults.Add($"printed.input_tokens and printed.output_tokens must both be 0 or neither, are {scenario.InputTokens} and {scenario.OutputTokens}");
        }

        double total = scenario.HourlyDemand.Sum();
        double busiest = total > 0 ? scenario.HourlyDemand.Max() / total / 3600 : 0;
        foreach ((string role, UnitModel unit, long tokens) in new[] { ("prefill", scenario.Prefill, scenario.InputTokens), ("decode", scenario.Decode, scenario.OutputTokens) })
        {
            double units = tokens * busiest / unit.UnitCapacity / scenario.Settings.OptimumUtilization;
            if (units > MostUnits)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"the busiest hour needs at most {MostUnits} {role} units, is {units:0}: printed tokens, capacity and unit size do not fit together"));
            }
        }

        if (faults.Count > 0)
        {
            throw new ScenarioException(faults);
        }
    }
}
