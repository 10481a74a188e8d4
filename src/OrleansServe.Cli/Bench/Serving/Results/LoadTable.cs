using System.Globalization;

using OrleansServe.Cli.Rendering;
using OrleansServe.Protocol.V1;

using Spectre.Console;

namespace OrleansServe.Cli.Bench.Serving.Results;

/// <summary>The report of a run for people.</summary>
internal static class LoadTable
{
    /// <summary>Writes it.</summary>
    public static void Write(LoadReport report, Terminal terminal)
    {
        foreach (string line in Head(report))
        {
            terminal.Output.WriteLine(line);
        }

        terminal.CreateConsole().Write(Latencies(report.Figures, terminal.Ansi));
        foreach (string line in Legend(report))
        {
            terminal.Output.WriteLine(line);
        }
    }

    private static IEnumerable<string> Head(LoadReport report)
    {
        LoadFigures figures = report.Figures;
        ServedModel served = report.Served;
        yield return $"{TerminalText.OneLine(served.Model.Name)} at {served.Server.GetLeftPart(UriPartial.Authority)}: {served.Count(Worker.Types.Role.Prefill)} prefill, {served.Count(Worker.Types.Role.Decode)} decode, {served.Count(Worker.Types.Role.Expert)} expert workers";
        yield return $"client    {report.Machine.Line()}";
        yield return $"load      {TerminalText.OneLine(report.Workload.Description)}";
        yield return $"          {report.Setup.Describe()}";
        if (report.Workload.LeftOut > 0)
        {
            yield return $"left out  {report.Workload.LeftOut} requests, longer than the model's context of {served.Model.ContextLength} tokens";
        }

        yield return Text($"requests  {figures.Completed} completed, {figures.Failures.Values.Sum()} failed of {report.Run.Requests.Count} sent in {report.Run.Duration.TotalSeconds:0.00} s; at most {report.Run.PeakConcurrency} at once");
        foreach ((string outcome, int count) in figures.Failures)
        {
            string example = report.Examples.TryGetValue(outcome, out string? detail) ? ", for example: " + TerminalText.OneLine(detail) : "";
            yield return $"          {outcome}: {count}{example}";
        }

        if (report.Run.Interrupted)
        {
            yield return $"          interrupted: {figures.NotSent} of {report.Run.Planned} were not sent";
        }

        yield return Text($"tokens    {figures.InputTokens} in, {figures.CachedInputTokens} of them ({Quantity.Percent(figures.CachedInputTokens, figures.InputTokens)}) from the prefix cache; {figures.OutputTokens} out")
            + (figures.LostOutputTokens > 0 ? $"; {figures.LostOutputTokens} more in answers that failed" : "");
        yield return Text($"rates     {figures.RequestsPerSecond:0.00} requests/s, {figures.InputTokensPerSecond:0.0} input tokens/s, {figures.OutputTokensPerSecond:0.0} output tokens/s");
        if (figures.Good is { } good)
        {
            yield return Text($"goodput   {figures.GoodPerSecond:0.00} requests/s: {good} of {report.Run.Requests.Count} ({100 * figures.GoodShare:0.0} %) kept {Targets(report.Targets)}");
        }
    }

    private static Table Latencies(LoadFigures figures, bool ansi)
    {
        Table table = new() { Border = ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn("ms");
        foreach (string column in (string[])["mean", "p50", "p90", "p99", "max"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        Row("TTFT", figures.TimeToFirstToken);
        Row("ITL", figures.InterTokenLatency);
        Row("TPOT", figures.TimePerOutputToken);
        Row("end to end", figures.EndToEnd);
        Row("send delay", figures.SendDelay);
        return table;

        void Row(string name, Distribution? values) => table.AddRow(
            values is null
                ? [name, "-", "-", "-", "-", "-"]
                : [name, Milliseconds(values.Mean), Milliseconds(values.P50), Milliseconds(values.P90), Milliseconds(values.P99), Milliseconds(values.Max)]);
    }

    private static IEnumerable<string> Legend(LoadReport report)
    {
        yield return "TTFT: from sending to the first token. ITL: between one message with tokens and the next. TPOT: an answer's time after its first token, over its";
        yield return "other tokens. End to end: from sending to the end of the stream. Send delay: how much later than planned a request was sent. All of them as the";
        yield return "client saw them, of requests that completed; the send delay of all.";
        if (report.Figures is { ServerTimeToFirstToken: { } first, ServerQueueTime: { } queue })
        {
            yield return Text($"The server's own account: TTFT {Milliseconds(first.Mean)} ms mean, {Milliseconds(first.P99)} ms p99, of which in queues {Milliseconds(queue.Mean)} ms mean, {Milliseconds(queue.P99)} ms p99.");
        }
    }

    private static string Targets(LatencyTargets targets)
    {
        (string Name, TimeSpan? Limit)[] all =
        [
            ("TTFT", targets.TimeToFirstToken),
            ("ITL (p99 of the request)", targets.InterTokenLatency),
            ("TPOT", targets.TimePerOutputToken),
            ("end to end", targets.EndToEnd),
        ];
        return string.Join(", ", all.Where(target => target.Limit is not null).Select(target => $"{target.Name} ≤ {Quantity.Duration(target.Limit!.Value)}"));
    }

    private static string Milliseconds(double seconds) => Text($"{seconds * 1e3:0.00}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
