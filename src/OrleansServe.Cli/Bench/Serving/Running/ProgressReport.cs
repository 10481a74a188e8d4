using System.Globalization;

namespace OrleansServe.Cli.Bench.Serving.Running;

/// <summary>Says now and then how far a run is: on a line that is rewritten on a terminal, on a line of its own elsewhere.</summary>
internal sealed class ProgressReport(LoadProgress progress, int planned, TextWriter output, bool ansi, TimeProvider time)
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan NewLine = TimeSpan.FromSeconds(5);

    /// <summary>Writes until a run has ended.</summary>
    public async Task<T> FollowAsync<T>(Task<T> run)
    {
        long begin = time.GetTimestamp();
        using PeriodicTimer timer = new(ansi ? Redraw : NewLine, time);
        using CancellationTokenSource ended = new();
        Task writing = WriteAsync(timer, begin, ended.Token);
        try
        {
            return await run;
        }
        finally
        {
            await ended.CancelAsync();
            await writing;
            if (ansi)
            {
                await output.WriteAsync("\r\u001b[K");
                await output.FlushAsync(CancellationToken.None);
            }
        }
    }

    private async Task WriteAsync(PeriodicTimer timer, long begin, CancellationToken ended)
    {
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                string line = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{time.GetElapsedTime(begin).TotalSeconds:0} s: {progress.Sent} of {planned} sent, {progress.Sent - progress.Ended} under way, {progress.Failed} failed, {progress.Tokens} tokens");
                await output.WriteAsync(ansi ? $"\r\u001b[K{line}" : line + "\n");
                await output.FlushAsync(CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The run has ended.
        }
    }
}
