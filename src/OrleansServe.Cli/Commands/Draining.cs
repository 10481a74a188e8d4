using System.Runtime.InteropServices;

using OrleansServe.Cli.Rendering;
using OrleansServe.Silo.Hosting;

namespace OrleansServe.Cli.Commands;

/// <summary>Stops a host in order and says how that goes on; one more interrupt cuts what is left.</summary>
internal sealed class Draining(SiloHost host, TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Stops.</summary>
    /// <returns>False if it was cut short by an interrupt.</returns>
    public async Task<bool> RunAsync()
    {
        using CancellationTokenSource cut = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cut);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cut);
        int running = host.RunningRequests;
        Task stopping = host.StopAsync(cut.Token);
        if (running > 0)
        {
            await output.WriteLineAsync($"stopping: {Requests(running)} under way, with up to {Quantity.Duration(host.DrainLimit)} to end; one more Ctrl-C cuts them");
        }

        await FollowAsync(stopping, running);
        try
        {
            await stopping;
        }
        catch (OperationCanceledException) when (cut.IsCancellationRequested)
        {
            // As asked.
        }

        return !cut.IsCancellationRequested;

        void Cut(PosixSignalContext context)
        {
            context.Cancel = true;
            cut.Cancel();
        }
    }

    private async Task FollowAsync(Task stopping, int told)
    {
        using PeriodicTimer timer = new(Period, time);
        while (await Task.WhenAny(stopping, timer.WaitForNextTickAsync().AsTask()) != stopping)
        {
            if (host.RunningRequests is var running && running != told && running > 0)
            {
                told = running;
                await output.WriteLineAsync($"stopping: {Requests(running)} under way");
            }
        }
    }

    private static string Requests(int count) => count == 1 ? "1 request is" : $"{count} requests are";
}
