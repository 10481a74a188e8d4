using System.Globalization;

namespace OrleansServe.Cli.Rendering;

/// <summary>Which share of something is done.</summary>
internal sealed class ShareProgress(string action, TextWriter output, bool ansi, TimeProvider time) : IDisposable
{
    private readonly RewrittenLine _line = new(output, ansi, time);

    /// <summary>Shows a share in [0, 1].</summary>
    public void Report(double share)
    {
        if (_line.IsDue(last: share >= 1))
        {
            _line.Draw(string.Create(CultureInfo.InvariantCulture, $"{action} {RewrittenLine.Bar(share)} {100 * share:0} %, {_line.Elapsed.TotalSeconds:0.0} s"));
        }
    }

    /// <summary>Takes the line away again.</summary>
    public void Dispose() => _line.Dispose();
}
