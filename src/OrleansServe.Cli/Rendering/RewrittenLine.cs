namespace OrleansServe.Cli.Rendering;

/// <summary>A line that is rewritten on a terminal, ten times a second at most, and is nothing elsewhere.</summary>
internal sealed class RewrittenLine(TextWriter output, bool ansi, TimeProvider time) : IDisposable
{
    private const int BarWidth = 30;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly long _begin = time.GetTimestamp();
    private long _drawn;
    private bool _open;

    /// <summary>Since the line was made.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_begin);

    /// <summary>A bar of which a share in [0, 1] is full.</summary>
    public static string Bar(double share)
    {
        int filled = (int)(Math.Clamp(share, 0, 1) * BarWidth);
        return $"[{new string('#', filled)}{new string('-', BarWidth - filled)}]";
    }

    /// <summary>Whether a line would be drawn now.</summary>
    /// <param name="last">It is the last: it is drawn however soon it comes.</param>
    public bool IsDue(bool last) => ansi && (!_open || last || time.GetElapsedTime(_drawn) >= Redraw);

    /// <summary>Draws a line in place of the one before.</summary>
    public void Draw(string line)
    {
        _drawn = time.GetTimestamp();
        _open = true;
        output.Write($"\r\u001b[K{line}");
        output.Flush();
    }

    /// <summary>Takes the line away again.</summary>
    public void Dispose()
    {
        if (_open)
        {
            output.Write("\r\u001b[K");
            output.Flush();
            _open = false;
        }
    }
}
