using Grpc.Core;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Grains.Workers;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Models;
using OrleansServe.Silo.Options;

namespace OrleansServe.Cli.Commands;

/// <summary>Starts a silo in this process and shows how that goes on.</summary>
internal static class HostStarter
{
    // Workers read their share of the weights first: long for a large model, and the user sees that it goes on.
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(30);

    /// <summary>Builds and starts the host. In a cluster of one process it waits until the workers serve; one of several is ready when the others are, and says so at <c>/readyz</c>.</summary>
    /// <param name="options">What the host is told.</param>
    /// <param name="terminal">Shows how it goes on.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="engines">What the workers compute with; null for the CPU.</param>
    public static async Task<SiloHost> StartAsync(
        SiloOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellationToken, EngineBuilder? engines = null)
    {
        using StartupProgress progress = new(terminal.Error, terminal.ErrorAnsi, time);
        SiloHost host = await SiloHost.BuildAsync(options, engines, progress, cancellationToken);
        try
        {
            await host.StartAsync(cancellationToken);
            if (!host.IsOneOfSeveral)
            {
                progress.Report(new LoadProgress("waiting for the workers"));
                await WaitForWorkersAsync(host, options, time, cancellationToken);
            }

            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private static async Task WaitForWorkersAsync(SiloHost host, SiloOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        using ServerConnection connection = new(host.GrpcAddress);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.Stopping);
        try
        {
            await ClusterView.WaitForWorkersAsync(
                connection.Inference, options.PrefillWorkers, options.DecodeWorkers, host.ExpertShards, ReadyLimit, time, stop.Token);
        }
        catch (Exception exception) when (stop.IsCancellationRequested && exception is OperationCanceledException or RpcException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new CommandFailedException($"a worker failed while it started: {host.Failure?.Message ?? "the log says why"}", exception);
        }
    }
}
