using System.Text;

using OrleansServe.Cli.Rendering;

namespace OrleansServe.Cli.Demo.Crash;

/// <summary>Four answers side by side on a terminal, drawn over themselves as they grow; below them what has happened. Elsewhere only the happenings, a line each.</summary>
internal sealed class CrashBoard(Terminal terminal, IReadOnlyList<CrashStream> streams, TimeProvider time)
{
    private const int Height = 12;
    private const string Gap = " │ ";
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan Noticeable = TimeSpan.FromMilliseconds(150);

    private readonly Lock _lock = new();
    private readonly List<string> _happenings = [];
    private readonly long _begun = time.GetTimestamp();
    private int _drawn;

    /// <summary>Tells of something that has happened.</summary>
    public void Tell(string happening)
    {
        string line = $"{Quantity.Duration(time.GetElapsedTime(_begun)),8}  {happening}";
        lock (_lock)
        {
            _happenings.Add(line);
            if (!terminal.Ansi)
            {
                terminal.Output.WriteLine(line);
            }
        }
    }

    /// <summary>Draws until told to stop, and once more then.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (!terminal.Ansi)
        {
            return;
        }

        while (!stop.IsCancellationRequested)
        {
            Draw();
            await Task.Delay(Redraw, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Draw();
    }

    private void Draw()
    {
        int width = Math.Clamp((terminal.CreateConsole().Profile.Width - (Gap.Length * (streams.Count - 1)) - 1) / streams.Count, 8, 60);
        List<string> lines = [];
        lines.Add(Row(stream => terminal.Bold(Fit(stream.Question, width))));
        lines.Add(Row(stream => terminal.Dim(Fit(Status(stream), width))));
        List<string>[] bodies = [.. streams.Select(stream => Wrap(TerminalText.Safe(stream.Text), width))];
        for (int line = 0; line < Height; line++)
        {
            lines.Add(string.Join(Gap, bodies.Select(body => Fit(body.Count <= Height ? body.ElementAtOrDefault(line) ?? "" : body[body.Count - Height + line], width))));
        }

        lock (_lock)
        {
            lines.AddRange(_happenings);
        }

        StringBuilder frame = new(_drawn > 0 ? $"\u001b[{_drawn}A" : "");
        foreach (string line in lines)
        {
            frame.Append('\r').Append(line).Append("\u001b[K\n");
        }

        _drawn = lines.Count;
        terminal.Output.Write(frame);
        terminal.Output.Flush();

        string Row(Func<CrashStream, string> cell) => string.Join(Gap, streams.Select(cell));
    }

    private static string Status(CrashStream stream) => stream.IsOver
        ? $"{stream.Tokens} tokens, {(stream.Resumes == 0 ? "never interrupted" : stream.Resumes == 1 ? "went on elsewhere" : $"went on elsewhere {stream.Resumes} times")}"
        : stream.Tokens > 0 && stream.Silence > Noticeable ? $"{stream.Tokens} tokens, pauses" : $"{stream.Tokens} tokens";

    private static string Fit(string text, int width)
    {
        string line = TerminalText.OneLine(text);
        return line.Length <= width ? line.PadRight(width) : line[..(width - 1)] + "…";
    }

    private static List<string> Wrap(string text, int width)
    {
        List<string> lines = [];
        foreach (string line in text.Trim().Split('\n'))
        {
            for (int from = 0; from == 0 || from < line.Length; from += width)
            {
                lines.Add(line.Substring(from, Math.Min(width, line.Length - from)));
            }
        }

        return lines;
    }
}
