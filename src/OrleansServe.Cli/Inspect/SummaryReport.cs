using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Rendering;
using OrleansServe.Model.Checkpoints;

using Spectre.Console;

namespace OrleansServe.Cli.Inspect;

/// <summary>A model's summary for people and for programs.</summary>
internal static class SummaryReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One JSON object.</summary>
    public static string Json(ModelSummary summary, WeightComparison? comparison) => new JsonObject
    {
        ["architecture"] = summary.Architecture,
        ["layers"] = summary.Layers,
        ["moe_layers"] = summary.MoeLayers,
        ["nextn_layers"] = summary.NextnLayers,
        ["parameters"] = summary.TotalParameters,
        ["active_parameters"] = summary.ActiveParameters,
        ["nextn_parameters"] = summary.NextnParameters,
        ["bytes"] = summary.TotalBytes,
        ["bytes_by_type"] = new JsonObject(summary.BytesByType.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))),
        ["number_format"] = summary.NumberFormat,
        ["files"] = summary.Files,
        ["routed_experts"] = summary.RoutedExperts,
        ["shared_experts"] = summary.SharedExperts,
        ["experts_per_token"] = summary.ExpertsPerToken,
        ["vocabulary"] = summary.VocabSize,
        ["longest_context"] = summary.LongestContext,
        ["kv_bytes_per_token"] = summary.KvBytesPerToken,
        ["weights_fingerprint"] = summary.Fingerprint.Hex,
        ["compared_with_checkpoint"] = comparison is null ? null : new JsonObject
        {
            ["positions"] = comparison.Positions,
            ["mean_logit_error"] = comparison.MeanError,
            ["max_logit_error"] = comparison.MaxError,
            ["logit_standard_deviation"] = comparison.Spread,
            ["same_top_token"] = comparison.Agreement,
        },
    }.ToJsonString(Indented);

    /// <summary>A table.</summary>
    public static void WriteTable(Terminal terminal, string folder, ModelSummary summary, WeightComparison? comparison)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii, ShowHeaders = false };
        table.AddColumns("", "");
        Row("folder", folder);
        Row("architecture", summary.Architecture);
        Row("layers", Layers(summary));
        Row("parameters", $"{Both(summary.TotalParameters)} in total, {Both(summary.ActiveParameters)} active for a token");
        Row("weights", $"{Quantity.Bytes(summary.TotalBytes)} in {summary.Files} file{(summary.Files == 1 ? "" : "s")} ({Types(summary)})");
        Row("computed in", summary.NumberFormat);
        Row("experts", Experts(summary));
        Row("vocabulary", Quantity.Exact(summary.VocabSize));
        Row("longest context", $"{Quantity.Exact(summary.LongestContext)} tokens");
        Row("KV", $"{Quantity.Bytes(summary.KvBytesPerToken)} per token, {Quantity.Bytes(summary.KvBytesPerToken * summary.LongestContext)} for the longest context");
        Row("fingerprint", summary.Fingerprint.Hex);
        if (comparison is not null)
        {
            Row("against the checkpoint", string.Create(
                CultureInfo.InvariantCulture,
                $"logits differ by {comparison.MeanError:0.0000} on average and {comparison.MaxError:0.000} at most (standard deviation {comparison.Spread:0.00}); same top token at {comparison.SameTop} of {comparison.Positions} positions"));
        }

        terminal.CreateConsole().Write(table);

        void Row(string name, string value) => table.AddRow(name, Markup.Escape(TerminalText.OneLine(value)));
    }

    private static string Both(long count) => count < 10_000 ? Quantity.Exact(count) : $"{Quantity.Count(count)} ({Quantity.Exact(count)})";

    private static string Layers(ModelSummary summary) =>
        $"{summary.Layers} ({summary.Layers - summary.MoeLayers} dense, {summary.MoeLayers} with experts)"
        + (summary.NextnLayers > 0 ? $" and {summary.NextnLayers} for next-token prediction ({Quantity.Count(summary.NextnParameters)} parameters)" : "");

    private static string Experts(ModelSummary summary) => summary.MoeLayers == 0
        ? "none"
        : $"{summary.RoutedExperts} routed in each of {summary.MoeLayers} layers, {summary.ExpertsPerToken} for a token, {summary.SharedExperts} shared";

    private static string Types(ModelSummary summary) =>
        string.Join(", ", summary.BytesByType.Select(entry => $"{entry.Key} {Quantity.Bytes(entry.Value)}"));
}
