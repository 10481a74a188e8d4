using OrleansServe.Cli.Bench.Serving.Results;
using OrleansServe.Cli.Bench.Serving.Running;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Rendering;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Serving;

/// <summary>Loads a running server and measures how it answers.</summary>
internal sealed class ServeBench(InferenceService.InferenceServiceClient client, LoadSetup setup, LatencyTargets targets, Terminal terminal, TimeProvider time)
{
    private const int WarmupInput = 32;
    private const int WarmupOutput = 16;

    /// <summary>Sends a workload and reports.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="plan">Makes the workload for the model that is served.</param>
    /// <param name="cancellationToken">Ends the run early; what there is by then is reported.</param>
    public async Task<LoadReport> RunAsync(Uri server, Func<Protocol.V1.Model, Workload> plan, CancellationToken cancellationToken)
    {
        ServedModel served = await ServedModel.AskAsync(client, server, setup.Load.Model, cancellationToken);
        Workload workload = plan(served.Model);
        RequestBuilder builder = new(client, setup.Load);
        if (setup.Warmup > 0)
        {
            await terminal.Error.WriteLineAsync($"warming up with {setup.Warmup} requests");
            await new LoadRun(builder, setup.Load, time, new LoadProgress()).RunAsync(Warmup(served.Model), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await terminal.Error.WriteLineAsync($"sending {workload.Requests.Count} requests: {TerminalText.OneLine(workload.Description)}");
        LoadProgress progress = new();
        ProgressReport report = new(progress, workload.Requests.Count, terminal.Error, terminal.ErrorAnsi, time);
        DateTimeOffset date = time.GetUtcNow();
        LoadRecord record = await report.FollowAsync(new LoadRun(builder, setup.Load, time, progress).RunAsync(workload.Requests, cancellationToken));
        return new LoadReport(date, BenchMachine.Read(), served, setup, targets, workload, record);
    }

    // Of tokens of their own: what is measured must not find its prompts in the cache because of them.
    private PlannedRequest[] Warmup(Protocol.V1.Model model) =>
    [
        .. Enumerable.Range(0, setup.Warmup).Select(i => new PlannedRequest(i, TimeSpan.Zero, null, Math.Min(WarmupOutput, model.ContextLength / 2), () =>
        {
            int[] tokens = new int[Math.Min(WarmupInput, model.ContextLength / 2)];
            RandomWorkload.Fill(tokens, model.VocabularySize, DrawPurpose.Warmup.Draw(setup.Seed, (ulong)i));
            return new PromptContent(null, tokens);
        })),
    ];
}
