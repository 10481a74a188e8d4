using System.Globalization;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>Draws some layers of a time line in characters: a row for what the engine does for each microbatch, and one for where its rows are.</summary>
internal static class TimeLineChart
{
    private const int Columns = 110;
    private const int Layers = 2;
    private static readonly string[] Names = ["A computed", "A away", "B computed", "B away"];

    /// <summary>What the characters mean.</summary>
    public const string Legend = "0 ATTN-0: norm, projections, KV   1 ATTN-1: core attention, output, router   d dispatch   m MLP: shared and own experts   c combine   . waits\n> on the way to another device   - waits for it   x computed there   < on the way back";

    /// <summary>Draws.</summary>
    /// <param name="line">A step's time line.</param>
    /// <param name="first">The first layer drawn.</param>
    /// <returns>The lines of the chart.</returns>
    public static IReadOnlyList<string> Draw(TimeLine line, int first)
    {
        TimeSpanOf[] shown = [.. line.Spans.Where(span => span.Layer >= first && span.Layer < first + Layers)];
        if (shown.Length == 0)
        {
            return [];
        }

        double begin = shown.Min(span => span.Begin);
        double end = shown.Max(span => span.End);
        char[][] rows = [.. Names.Select(_ => Enumerable.Repeat(' ', Columns).ToArray())];

        // Short spans last, so that they are not painted over: every span has a column at least.
        foreach (TimeSpanOf span in line.Spans.Where(span => span.End > begin && span.Begin < end).OrderByDescending(span => span.End - span.Begin))
        {
            int from = Math.Clamp((int)((span.Begin - begin) / (end - begin) * Columns), 0, Columns - 1);
            int to = Math.Clamp((int)Math.Ceiling((span.End - begin) / (end - begin) * Columns), from + 1, Columns);
            Array.Fill(rows[(2 * span.Microbatch) + (span.Kind > SpanKind.Wait ? 1 : 0)], Sign(span.Kind), from, to - from);
        }

        string scale = string.Create(CultureInfo.InvariantCulture, $"layers {first} and {first + Layers - 1}, {end - begin:0} µs");
        return [scale, .. Names.Select((name, i) => $"{name,-10} |{new string(rows[i]).TrimEnd()}")];
    }

    private static char Sign(SpanKind kind) => kind switch
    {
        SpanKind.AttentionInput => '0',
        SpanKind.AttentionCore => '1',
        SpanKind.Dispatch => 'd',
        SpanKind.Mlp => 'm',
        SpanKind.Combine => 'c',
        SpanKind.Wait => '.',
        SpanKind.There => '>',
        SpanKind.Queued => '-',
        SpanKind.Far => 'x',
        _ => '<',
    };
}
