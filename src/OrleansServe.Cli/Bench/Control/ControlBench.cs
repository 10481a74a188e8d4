using Microsoft.Extensions.DependencyInjection;

using OrleansServe.Cli.Commands;
using OrleansServe.Cli.Rendering;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Services;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>Measures everything around the engine: a whole cluster in this process, with engines that compute nothing.</summary>
internal sealed class ControlBench(ControlSetup setup, Terminal terminal, TimeProvider time)
{
    private const int StreamPrompt = 16;
    private const int RequestOutput = 2;
    private const int BlockTokens = 64;
    private static readonly TimeSpan ClientStart = TimeSpan.FromSeconds(30);

    /// <summary>Measures.</summary>
    /// <param name="options">The cluster.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ControlFigures> RunAsync(SiloOptions options, CancellationToken cancellationToken)
    {
        ControlCounters counters = new();
        using StepPace pace = new(time);
        await using SiloHost host = await HostStarter.StartAsync(
            Cluster(options),
            terminal,
            time,
            cancellationToken,
            (served, workers) => new InstantEngine(served.Checkpoint.Config, workers.KvBlocks, workers.MaxBatchTokens, pace, counters));
        GatewayModel model = host.Services.GetRequiredService<GatewayModel>();
        LocalLoad load = new(host.Services.GetRequiredService<InferenceService>(), model.Tokenizer.VocabularySize, counters);
        int output = model.Config.MaxPositionEmbeddings - StreamPrompt;

        ControlWindow requests = await LocalAsync("requests", load, TimeSpan.Zero, setup.Requests, Math.Min(setup.PromptTokens, output), RequestOutput);
        ControlWindow flatOut = await LocalAsync("streams, flat out", load, TimeSpan.Zero, setup.Streams, StreamPrompt, output);
        ControlWindow paced = await LocalAsync("streams, paced", load, setup.StepInterval, setup.Streams, StreamPrompt, output);
        terminal.Error.WriteLine("streams over gRPC, paced");
        await using RemoteLoad clients = RemoteLoad.Start(host.GrpcAddress, setup.Streams, StreamPrompt, output);
        await clients.WaitUntilAskedAsync(() => host.RunningRequests, setup.Streams, ClientStart, time, cancellationToken);
        ControlWindow grpc = await MeasureAsync();
        return new ControlFigures(paced, flatOut, grpc, requests);

        async Task<ControlWindow> LocalAsync(string what, LocalLoad local, TimeSpan interval, int clients, int prompt, int answer)
        {
            terminal.Error.WriteLine(what);
            pace.Interval = interval;
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task running = local.RunAsync(clients, prompt, answer, stop.Token);
            try
            {
                Task<ControlWindow> measured = MeasureAsync();
                await await Task.WhenAny(measured, running);
                return await measured;
            }
            finally
            {
                await stop.CancelAsync();
                await running;
            }
        }

        async Task<ControlWindow> MeasureAsync()
        {
            await WarmUp.WaitAsync(setup.Window / 3, time, cancellationToken);
            return await ControlWindow.MeasureAsync(setup.Window, counters, time, cancellationToken);
        }
    }

    /// <summary>A cluster with room for what is measured.</summary>
    private SiloOptions Cluster(SiloOptions options)
    {
        int most = Math.Max(setup.Streams, setup.Requests);
        int blocks = Math.Max(most * 2 * ((setup.PromptTokens / BlockTokens) + 2), options.KvBlocks);
        return options with
        {
            ExpertShards = 0,
            SpeculativeTokens = 0,
            MaxRequests = Math.Max(options.MaxRequests, most),
            MaxBatchTokens = Math.Max(options.MaxBatchTokens, most),
            KvBlocks = blocks,
            Serving = options.Serving with
            {
                MaxConcurrentRequests = Math.Max(options.Serving.MaxConcurrentRequests, most),
                MaxQueuedRequests = Math.Max(options.Serving.MaxQueuedRequests, most),
            },
        };
    }
}
