using System.Runtime.InteropServices;

using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Silo.Probes;

/// <summary>
/// What a container does that cannot start: it answers probes and says at <c>/readyz</c> why, instead of ending at once and being started again, over and over,
/// until the reason has scrolled out of the log. When the time is up it ends, so that the next start finds what has been mended meanwhile.
/// </summary>
internal static class FaultNotice
{
    /// <summary>Answers probes until the options' time is up or the process is told to stop (SIGTERM, SIGINT).</summary>
    /// <param name="options">Where to listen, and for how long.</param>
    /// <param name="faults">What keeps the host from starting, a line each.</param>
    /// <param name="time">The clock.</param>
    public static async Task ShowAsync(SiloOptions options, IReadOnlyList<string> faults, TimeProvider time)
    {
        using CancellationTokenSource over = new(options.FaultHold, time);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        ProbeServer probes;
        try
        {
            probes = await ProbeServer.StartAsync(options, SiloComposition.CreateRegistry(), over.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The port is taken, which the fault may have been, or there is no time left: there is nobody to tell.
            return;
        }

        await using (probes)
        {
            probes.SetObstacle("Cannot start: " + string.Join("; ", faults).ReplaceLineEndings(" "));
            Console.Error.WriteLine($"saying so at {probes.Address}readyz for {options.FaultHold.TotalSeconds:0} s");
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await using CancellationTokenRegistration registration = over.Token.Register(ended.SetResult);
            await ended.Task;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            over.Cancel();
        }
    }
}
