using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Rendering;

using Spectre.Console;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>What <c>bench experts</c> has to say, for people and for programs.</summary>
/// <param name="Model">The model's folder.</param>
/// <param name="Weights">Number format of the matrices.</param>
/// <param name="Setup">What was asked for.</param>
/// <param name="Figures">What was found.</param>
internal sealed record ExpertBenchReport(string Model, string Weights, ExpertBenchSetup Setup, ExpertFigures Figures)
{
    private const int ChartLayer = 3;
    private const int ShownDigits = 1;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One JSON document.</summary>
    /// <param name="where">The machine and the program.</param>
    /// <param name="date">When it was measured.</param>
    public string Json(BenchMachine where, DateTimeOffset date) => new JsonObject
    {
        ["benchmark"] = "experts",
        ["date"] = date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        ["commit"] = where.Commit,
        ["machine"] = where.Json(),
        ["model"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Model))),
        ["weights"] = Weights,
        ["moe_layers"] = Figures.MoeLayers,
        ["rows"] = Setup.Rows,
        ["context_tokens"] = Setup.Context,
        ["devices"] = Setup.Devices,
        ["steps"] = Setup.Steps,
        ["layer_compute_seconds"] = Figures.ComputedSeconds,
        ["delay_share"] = Setup.Delay,
        ["delay_seconds"] = Figures.DelaySeconds,
        ["two_microbatches"] = Node(Figures.Two),
        ["two_microbatches_delayed"] = Node(Figures.DelayedTwo),
        ["step_ratio"] = Figures.Ratio,
        ["hidden_share"] = Figures.DelayedTwo.HiddenShare,
        ["undivided"] = Node(Figures.One),
        ["undivided_delayed"] = Node(Figures.DelayedOne),
        ["undivided_step_ratio"] = Figures.UndividedRatio,
        ["time_line"] = new JsonArray([.. Figures.TimeLine.Spans.Select(Node)]),
    }.ToJsonString(Indented);

    /// <summary>A table and the time line.</summary>
    public void Write(Terminal terminal)
    {
        terminal.Output.WriteLine(Text(
            $"{TerminalText.OneLine(Model)}, weights {Weights}: {Setup.Rows} rows, context {Setup.Context}, experts on {Setup.Devices} devices, {Figures.MoeLayers} MoE layers"));
        terminal.Output.WriteLine(Text(
            $"a microbatch is computed in a layer for {Figures.ComputedSeconds * 1e6:0} µs; a hop is delayed by {Figures.DelaySeconds * 1e6:0} µs, there and back by {2 * Figures.DelaySeconds * 1e6:0} µs"));
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn("schedule");
        foreach (string column in (string[])["ms/step", "delayed", "ratio", "rows away, µs", "waited, µs", "hidden"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        Row("two microbatches", Figures.Two, Figures.DelayedTwo, Figures.Ratio);
        Row("not divided", Figures.One, Figures.DelayedOne, Figures.UndividedRatio);
        terminal.CreateConsole().Write(table);
        foreach (string line in TimeLineChart.Draw(Figures.TimeLine, ChartLayer))
        {
            terminal.Output.WriteLine(line);
        }

        terminal.Output.WriteLine(TimeLineChart.Legend);

        void Row(string name, ScheduleFigures plain, ScheduleFigures delayed, double ratio) => table.AddRow(
            name,
            Text($"{plain.StepSeconds * 1e3:0.00}"),
            Text($"{delayed.StepSeconds * 1e3:0.00}"),
            Text($"{ratio:0.00}"),
            Text($"{delayed.AwaySeconds * 1e6:0}"),
            Text($"{delayed.WaitedSeconds * 1e6:0}"),
            Text($"{100 * delayed.HiddenShare:0} %"));
    }

    private static JsonObject Node(ScheduleFigures figures) => new()
    {
        ["step_seconds"] = figures.StepSeconds,
        ["fastest_step_seconds"] = figures.FastestSeconds,
        ["away_seconds"] = figures.AwaySeconds,
        ["waited_seconds"] = figures.WaitedSeconds,
        ["hidden_share"] = figures.HiddenShare,
    };

    private static JsonArray Node(TimeSpanOf span) =>
    [
        span.Layer, span.Microbatch, JsonNamingPolicy.SnakeCaseLower.ConvertName(span.Kind.ToString()), Math.Round(span.Begin, ShownDigits), Math.Round(span.End, ShownDigits),
    ];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
