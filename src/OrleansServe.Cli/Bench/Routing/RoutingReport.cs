using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Rendering;

using Spectre.Console;

namespace OrleansServe.Cli.Bench.Routing;

/// <summary>What <c>bench routing</c> has to say, for people and for programs.</summary>
/// <param name="Date">When it began.</param>
/// <param name="Machine">Where.</param>
/// <param name="Trace">The trace's file.</param>
/// <param name="Setup">The workers.</param>
/// <param name="Figures">What was found.</param>
internal sealed record RoutingReport(DateTimeOffset Date, BenchMachine Machine, string Trace, RoutingSetup Setup, RoutingFigures Figures)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One JSON document.</summary>
    public string Json() => new JsonObject
    {
        ["benchmark"] = "routing",
        ["date"] = Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        ["commit"] = Machine.Commit,
        ["machine"] = Machine.Json(),
        ["trace"] = Trace,
        ["workers"] = Setup.Workers,
        ["blocks_per_worker"] = Setup.BlocksPerWorker,
        ["kv_block_tokens"] = Setup.KvBlockTokens,
        ["tokens_per_second"] = Setup.TokensPerSecond,
        ["requests"] = Figures.Requests,
        ["left_out_too_large"] = Figures.TooLarge,
        ["input_tokens"] = Figures.InputTokens,
        ["hit_rate"] = Figures.HitRate,
        ["infinite_cache_hit_rate"] = Figures.InfiniteCacheHitRate,
        ["max_over_mean_input_tokens"] = Figures.MaxOverMeanInputTokens,
        ["max_over_mean_computed_tokens"] = Figures.MaxOverMeanComputedTokens,
        ["mean_queued_tokens"] = Figures.MeanQueuedTokens,
        ["decision_microseconds_p50"] = Figures.DecisionAt(0.5),
        ["decision_microseconds_p99"] = Figures.DecisionAt(0.99),
    }.ToJsonString(Indented);

    /// <summary>A table.</summary>
    public void WriteTable(Terminal terminal)
    {
        terminal.Output.WriteLine(Machine.Line());
        terminal.Output.WriteLine(Text(
            $"{TerminalText.OneLine(Trace)}: {Figures.Requests} requests with {Figures.InputTokens} prompt tokens, on {Setup.Workers} worker{(Setup.Workers == 1 ? "" : "s")} of {Setup.BlocksPerWorker} blocks of {RoutingReplay.TraceBlockTokens} tokens"));
        if (Figures.TooLarge > 0)
        {
            terminal.Output.WriteLine(Text($"{Figures.TooLarge} requests left out: their prompts fit no worker"));
        }

        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii, ShowHeaders = false };
        table.AddColumn("figure");
        table.AddColumn(new TableColumn("value").RightAligned());
        table.AddRow("prompt tokens found in cache", Text($"{100 * Figures.HitRate:0.00}%"));
        table.AddRow("the same in an infinite cache", Text($"{100 * Figures.InfiniteCacheHitRate:0.00}%"));
        table.AddRow("busiest worker's prompt tokens, over the mean", Text($"{Figures.MaxOverMeanInputTokens:0.000}"));
        table.AddRow("the same of tokens computed", Text($"{Figures.MaxOverMeanComputedTokens:0.000}"));
        if (Setup.TokensPerSecond > 0)
        {
            table.AddRow("tokens queued before a request, on average", Text($"{Figures.MeanQueuedTokens:0}"));
        }

        table.AddRow("a decision, median", Text($"{Figures.DecisionAt(0.5):0.0} µs"));
        table.AddRow("a decision, 99th percentile", Text($"{Figures.DecisionAt(0.99):0.0} µs"));
        terminal.CreateConsole().Write(table);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
