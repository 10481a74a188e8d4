using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Rendering;

using Spectre.Console;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>What <c>bench control</c> has to say, for people and for programs.</summary>
/// <param name="Date">When it began.</param>
/// <param name="Machine">Where.</param>
/// <param name="Setup">What was measured.</param>
/// <param name="Figures">What was found.</param>
internal sealed record ControlReport(DateTimeOffset Date, BenchMachine Machine, ControlSetup Setup, ControlFigures Figures)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One JSON document.</summary>
    public string Json() => new JsonObject
    {
        ["benchmark"] = "control",
        ["date"] = Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        ["commit"] = Machine.Commit,
        ["machine"] = Machine.Json(),
        ["streams"] = Setup.Streams,
        ["step_milliseconds"] = Setup.StepInterval.TotalMilliseconds,
        ["window_seconds"] = Setup.Window.TotalSeconds,
        ["stream"] = Tokens(Figures.Paced, ControlFigures.StreamTarget, local: true),
        ["stream_flat_out"] = Tokens(Figures.FlatOut, ControlFigures.StreamTarget, local: true),
        ["grpc"] = Tokens(Figures.Grpc, ControlFigures.GrpcTarget, local: false),
        ["requests"] = new JsonObject
        {
            ["concurrency"] = Setup.Requests,
            ["prompt_tokens"] = Setup.PromptTokens,
            ["requests_per_second"] = Rounded(ControlFigures.RequestsPerSecond(Figures.Requests)),
            ["target_requests_per_second"] = ControlFigures.RequestTarget,
            ["cpu_microseconds_per_request"] = Rounded(ControlFigures.MicrosecondsPerRequest(Figures.Requests)),
            ["allocated_bytes_per_request"] = Rounded(ControlFigures.BytesPerRequest(Figures.Requests)),
        },
    }.ToJsonString(Indented);

    /// <summary>A table.</summary>
    public void WriteTable(Terminal terminal)
    {
        terminal.Output.WriteLine(Machine.Line());
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn(Text($"{Setup.Streams} streams"));
        foreach (string column in (string[])["µs CPU/token", "wanted", "bytes/token", "tokens/s", "tokens/message"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        AddTokens(table, Text($"up to the client's stream, a step every {Setup.StepInterval.TotalMilliseconds:0.#} ms"), Figures.Paced, ControlFigures.StreamTarget, local: true);
        AddTokens(table, "the same, steps without a pause", Figures.FlatOut, ControlFigures.StreamTarget, local: true);
        AddTokens(table, Text($"over gRPC, a step every {Setup.StepInterval.TotalMilliseconds:0.#} ms"), Figures.Grpc, ControlFigures.GrpcTarget, local: false);
        IAnsiConsole console = terminal.CreateConsole();
        console.Write(table);
        terminal.Output.WriteLine(Text(
            $"requests of {Setup.PromptTokens} tokens, {Setup.Requests} at once: {ControlFigures.RequestsPerSecond(Figures.Requests):0} a second (wanted {ControlFigures.RequestTarget:0}), {ControlFigures.MicrosecondsPerRequest(Figures.Requests):0} µs CPU and {ControlFigures.BytesPerRequest(Figures.Requests) / 1024:0} KiB each"));
    }

    private static JsonObject Tokens(ControlWindow window, double target, bool local) => new()
    {
        ["cpu_microseconds_per_token"] = Rounded(ControlFigures.MicrosecondsPerToken(window)),
        ["target_cpu_microseconds_per_token"] = target,
        ["allocated_bytes_per_token"] = Rounded(ControlFigures.BytesPerToken(window)),
        ["tokens_per_second"] = Rounded(ControlFigures.TokensPerSecond(window)),
        ["tokens_per_message"] = local ? Rounded(ControlFigures.TokensPerMessage(window)) : null,
    };

    private static void AddTokens(Table table, string what, ControlWindow window, double target, bool local) => table.AddRow(
        what,
        Text($"{ControlFigures.MicrosecondsPerToken(window):0.00}"),
        Text($"{target:0}"),
        Text($"{ControlFigures.BytesPerToken(window):0}"),
        Text($"{ControlFigures.TokensPerSecond(window):0}"),
        local ? Text($"{ControlFigures.TokensPerMessage(window):0.00}") : "");

    private static double Rounded(double value) => Math.Round(value, 3);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
