using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Simulation.Runs;

namespace OrleansServe.Cli.Simulate;

/// <summary>A simulated day as one JSON document.</summary>
/// <param name="Result">The day.</param>
/// <param name="Wall">How long it took to simulate.</param>
internal sealed record SimulationReport(SimulationResult Result, TimeSpan Wall)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The document.</summary>
    public string Json() => new JsonObject
    {
        ["scenario"] = Result.Scenario.Title,
        ["policy"] = Result.Policy == FleetPolicy.Ours ? "ours" : "printed",
        ["average_nodes"] = Rounded(Result.AverageNodes, 4),
        ["node_hours"] = Rounded(Result.NodeHours, 4),
        ["oracle_node_hours"] = Math.Round(Result.OptimumNodeHours, 4),
        ["cost_usd"] = Rounded(Result.Cost, 2),
        ["revenue_usd"] = Rounded(Result.Revenue, 2),
        ["margin"] = Result.Margin is { } margin ? Rounded(margin, 6) : null,
        ["ttft_attainment"] = Math.Round(Result.FirstTokenAttainment, 6),
        ["ttft_target_seconds"] = Result.Scenario.Settings.FirstTokenTarget.TotalSeconds,
        ["ttft_p50_seconds"] = Math.Round(Result.FirstTokenMedian, 3),
        ["ttft_p99_seconds"] = Math.Round(Result.FirstTokenP99, 3),
        ["requests"] = Result.Requests,
        ["refused_requests"] = Result.Refused,
        ["requests_per_simulated_request"] = Math.Round(Result.RequestsPerSimulated, 3),
        ["units_moved"] = Result.UnitsMoved,
        ["wall_seconds"] = Math.Round(Wall.TotalSeconds, 3),
        ["hours"] = new JsonArray([.. Result.Hours.Select(Hour)]),
    }.ToJsonString(Indented);

    private JsonObject Hour(HourFigures hour) => new()
    {
        ["begins"] = Result.Scenario.Settings.Start.AddHours(hour.Hour).ToString("yyyy-MM-ddTHH:mmzzz", CultureInfo.InvariantCulture),
        ["nodes"] = Math.Round(hour.Nodes, 4),
        ["oracle_nodes"] = Math.Round(hour.OptimumNodes, 4),
        ["requests"] = hour.Requests,
        ["refused_requests"] = hour.Refused,
        ["input_tokens"] = hour.InputTokens,
        ["input_tokens_cache_hit"] = hour.CachedTokens,
        ["output_tokens"] = hour.OutputTokens,
        ["cost_usd"] = Rounded(hour.Cost, 2),
        ["revenue_usd"] = Rounded(hour.Revenue, 2),
    };

    private static decimal Rounded(decimal value, int digits) => Math.Round(value, digits, MidpointRounding.AwayFromZero);
}
