namespace OrleansServe.Cli.Rendering;

/// <summary>How much of a known number of bytes is done.</summary>
internal sealed class ProgressBar(string action, long totalBytes, TextWriter output, bool ansi, TimeProvider time) : IDisposable
{
    private readonly RewrittenLine _line = new(output, ansi, time);

    /// <summary>Shows how many bytes are done.</summary>
    public void Report(long doneBytes)
    {
        if (!_line.IsDue(last: doneBytes >= totalBytes))
        {
            return;
        }

        TimeSpan elapsed = _line.Elapsed;
        string bar = RewrittenLine.Bar(totalBytes == 0 ? 1 : (double)doneBytes / totalBytes);
        string rate = elapsed > TimeSpan.Zero ? $", {Quantity.Bytes((long)(doneBytes / elapsed.TotalSeconds))}/s" : "";
        _line.Draw($"{action} {bar} {Quantity.Percent(doneBytes, totalBytes)} of {Quantity.Bytes(totalBytes)}{rate}");
    }

    /// <summary>Takes the line away again.</summary>
    public void Dispose() => _line.Dispose();
}
