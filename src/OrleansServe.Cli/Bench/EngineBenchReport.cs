using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Rendering;

using Spectre.Console;

namespace OrleansServe.Cli.Bench;

/// <summary>What <c>bench engine</c> found, for people and for programs.</summary>
/// <param name="Model">The model's folder.</param>
/// <param name="Weights">Number format of the matrices.</param>
/// <param name="Threads">Threads that computed.</param>
/// <param name="Machine">The machine's limits.</param>
/// <param name="Decode">Decode steps.</param>
/// <param name="Prefill">Prompts.</param>
/// <param name="Speculation">One stream by drafts a step, plain decoding first; empty where the model has no MTP layer.</param>
internal sealed record EngineBenchReport(
    string Model, string Weights, int Threads, MachineLimits Machine, IReadOnlyList<BenchPoint> Decode, IReadOnlyList<BenchPoint> Prefill, IReadOnlyList<SpeculationPoint> Speculation)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One JSON document.</summary>
    /// <param name="where">The machine and the program.</param>
    /// <param name="date">When it was measured.</param>
    public string Json(BenchMachine where, DateTimeOffset date) => new JsonObject
    {
        ["benchmark"] = "engine",
        ["date"] = date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        ["commit"] = where.Commit,
        ["machine"] = where.Json(),
        // Its name, not where it lies: recorded results are published.
        ["model"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Model))),
        ["weights"] = Weights,
        ["threads"] = Threads,
        ["read_bytes_per_second"] = Machine.BytesPerSecond,
        ["multiply_adds_per_second"] = Machine.MultiplyAddsPerSecond,
        ["decode"] = new JsonArray([.. Decode.Select(point => Node(point, "context_tokens"))]),
        ["prefill"] = new JsonArray([.. Prefill.Select(point => Node(point, "prompt_tokens"))]),
        ["speculation"] = new JsonArray([.. Speculation.Select(Node)]),
    }.ToJsonString(Indented);

    /// <summary>A table for each kind of step.</summary>
    public void WriteTables(Terminal terminal)
    {
        terminal.Output.WriteLine(Text(
            $"{TerminalText.OneLine(Model)}, weights {Weights}, {Threads} thread{(Threads == 1 ? "" : "s")}: reads {Machine.BytesPerSecond / 1e9:0.0} GB/s, {Machine.MultiplyAddsPerSecond / 1e9:0.0} G multiply-adds/s at most"));
        WriteTable(terminal, "decode", "context", Decode);
        WriteTable(terminal, "prefill", "prompt", Prefill);
        if (Speculation.Count > 0)
        {
            WriteSpeculation(terminal);
        }
    }

    /// <summary>One point in a few words.</summary>
    public static string Line(string phase, BenchPoint point) => Text(
        $"{phase} batch {point.Batch}, {point.Tokens} tokens: {point.TokensPerSecond:0.0} tokens/s, {Percent(point.ShareOfLimit)} of the limit");

    private static void WriteTable(Terminal terminal, string phase, string tokens, IReadOnlyList<BenchPoint> points)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn(phase);
        foreach (string column in (string[])[tokens, "tokens/s", "ms/step", "experts", "MB/step", "M multiply-adds", "GB/s there", "bound by", "of the limit", "at best"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (BenchPoint point in points)
        {
            table.AddRow(
                $"batch {point.Batch}",
                Text($"{point.Tokens}"),
                Text($"{point.TokensPerSecond:0.0}"),
                Text($"{point.Seconds * 1e3:0.00}"),
                Text($"{point.Experts:0.#}"),
                Text($"{point.Cost.Bytes / 1e6:0.0}"),
                Text($"{point.Cost.MultiplyAdds / 1e6:0.0}"),
                Text($"{point.Machine.BytesPerSecond / 1e9:0.0}"),
                point.Cost.IsBoundByMemory(point.Machine) ? "memory" : "compute",
                Percent(point.ShareOfLimit),
                Percent(point.BestShareOfLimit));
        }

        terminal.CreateConsole().Write(table);
    }

    private void WriteSpeculation(Terminal terminal)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn("one stream");
        foreach (string column in (string[])["tokens/s", "of plain", "tokens/step", "drafts accepted"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (SpeculationPoint point in Speculation)
        {
            table.AddRow(
                point.Drafts == 0 ? "plain" : Text($"{point.Drafts} draft{(point.Drafts == 1 ? "" : "s")}"),
                Text($"{point.TokensPerSecond:0.0}"),
                Text($"{point.TokensPerSecond / Speculation[0].TokensPerSecond:0.00}"),
                Text($"{(double)point.Tokens / point.Steps:0.00}"),
                point.Drafts == 0 ? "" : Percent(point.Acceptance));
        }

        terminal.CreateConsole().Write(table);
    }

    private JsonObject Node(SpeculationPoint point) => new()
    {
        ["drafts"] = point.Drafts,
        ["tokens_per_second"] = point.TokensPerSecond,
        ["speed_up"] = point.TokensPerSecond / Speculation[0].TokensPerSecond,
        ["tokens_per_step"] = (double)point.Tokens / point.Steps,
        ["drafted_tokens"] = point.Drafted,
        ["accepted_tokens"] = point.Accepted,
        ["acceptance"] = point.Acceptance,
    };

    private static JsonObject Node(BenchPoint point, string tokens) => new()
    {
        ["batch"] = point.Batch,
        [tokens] = point.Tokens,
        ["tokens_per_second"] = point.TokensPerSecond,
        ["step_seconds"] = point.Seconds,
        ["fastest_step_seconds"] = point.FastestSeconds,
        ["steps"] = point.Steps,
        ["distinct_experts"] = point.Experts,
        ["read_bytes_per_second"] = point.Machine.BytesPerSecond,
        ["multiply_adds_per_second"] = point.Machine.MultiplyAddsPerSecond,
        ["step_bytes"] = point.Cost.Bytes,
        ["step_multiply_adds"] = point.Cost.MultiplyAdds,
        ["bound_by"] = point.Cost.IsBoundByMemory(point.Machine) ? "memory" : "compute",
        ["share_of_limit"] = point.ShareOfLimit,
        ["best_share_of_limit"] = point.BestShareOfLimit,
    };

    private static string Percent(double share) => Text($"{100 * share:0} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
