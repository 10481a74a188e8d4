using System.Globalization;

namespace OrleansServe.Cli.Rendering;

/// <summary>Which share of something is done: a line that is rewritten on a terminal, and nothing elsewhere.</summary>
internal sealed class ShareProgress(string action, TextWriter output, bool ansi, TimeProvider time) : IDisposable
{
    private const int Width = 30;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);

    private readonly long _begin = time.GetTimestamp();
    private long _drawn;
    private bool _open;

    /// <summary>Shows a share in [0, 1].</summary>
    public void Report(double share)
    {
        if (!ansi || (_open && share < 1 && time.GetElapsedTime(_drawn) < Redraw))
        {
            return;
        }

        _drawn = time.GetTimestamp();
        _open = true;
        int filled = (int)(Math.Clamp(share, 0, 1) * Width);
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{action} [{new string('#', filled)}{new string('-', Width - filled)}] {100 * share:0} %, {time.GetElapsedTime(_begin).TotalSeconds:0.0} s");
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
