using System.Runtime;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>
/// Waits until the just-in-time compiler has nothing more to do for what is measured: it compiles hot code anew in the background, for seconds, and its processor time would be taken
/// for that of the tokens that pass meanwhile.
/// </summary>
internal static class WarmUp
{
    private const int Few = 3;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>Waits.</summary>
    /// <param name="least">How long at least.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task WaitAsync(TimeSpan least, TimeProvider time, CancellationToken cancellationToken)
    {
        long begin = time.GetTimestamp();
        await Task.Delay(least, time, cancellationToken);
        long compiled = JitInfo.GetCompiledMethodCount();
        while (time.GetElapsedTime(begin) < Longest)
        {
            await Task.Delay(Look, time, cancellationToken);
            long now = JitInfo.GetCompiledMethodCount();
            if (now - compiled <= Few)
            {
                return;
            }

            compiled = now;
        }
    }
}
