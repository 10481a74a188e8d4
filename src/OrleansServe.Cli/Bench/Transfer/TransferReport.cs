using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Rendering;

using Spectre.Console;

namespace OrleansServe.Cli.Bench.Transfer;

/// <summary>What <c>bench transfer</c> has to say, for people and for programs.</summary>
/// <param name="Date">When it began.</param>
/// <param name="Machine">Where.</param>
/// <param name="Rounds">Measurements of each.</param>
/// <param name="Points">What was measured, by size.</param>
internal sealed record TransferReport(DateTimeOffset Date, BenchMachine Machine, int Rounds, IReadOnlyList<TransferPoint> Points)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One JSON document.</summary>
    public string Json() => new JsonObject
    {
        ["benchmark"] = "transfer",
        ["date"] = Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        ["commit"] = Machine.Commit,
        ["machine"] = Machine.Json(),
        ["rounds"] = Rounds,
        ["kv"] = new JsonArray([.. Points.Select(point => (JsonNode)new JsonObject
        {
            ["payload_bytes"] = point.PayloadBytes,
            ["raw_socket_bytes_per_second"] = Math.Round(point.RawBytesPerSecond),
            ["push_bytes_per_second"] = Math.Round(point.PushBytesPerSecond),
            ["push_of_raw"] = Math.Round(point.Share, 4),
            ["push_of_raw_least"] = Math.Round(point.LeastShare, 4),
            ["push_of_raw_most"] = Math.Round(point.MostShare, 4),
        })]),
    }.ToJsonString(Indented);

    /// <summary>A table.</summary>
    public void WriteTable(Terminal terminal)
    {
        terminal.Output.WriteLine(Machine.Line());
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn("payload");
        foreach (string column in (string[])["bare socket", "KV over the data plane", "of the socket", "from", "to"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (TransferPoint point in Points)
        {
            table.AddRow(
                Text($"{point.PayloadBytes / 1024} KiB"),
                Text($"{point.RawBytesPerSecond / 1e9:0.00} GB/s"),
                Text($"{point.PushBytesPerSecond / 1e9:0.00} GB/s"),
                Text($"{100 * point.Share:0} %"),
                Text($"{100 * point.LeastShare:0} %"),
                Text($"{100 * point.MostShare:0} %"));
        }

        terminal.CreateConsole().Write(table);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
