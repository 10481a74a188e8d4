using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Bench.Routing;
using OrleansServe.Cli.Bench.Serving.Files;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench routing</c>: replays a trace through the prefill balancer and the prefix caches.</summary>
internal static class BenchRoutingCommand
{
    private const int MostWorkers = 1024;
    private const int MostBlocksPerWorker = 4_000_000;
    private const long MostKvBlocks = 8_000_000;
    private const double MostTokensPerSecond = 1e9;
    private const int WarmupRequests = 2000;

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "routing",
            "Replays a trace's prompts through the code that chooses prefill workers and evicts KV blocks in production, without any model: how much is found in caches, how even the workers' loads are, and what a decision takes.",
            "./orleansserve bench routing --trace tests/traces/conversation_trace.jsonl.gz --workers 8 --blocks-per-worker 10000",
            "./orleansserve bench routing --trace bench/traces/conversation-48.jsonl --workers 64 --blocks-per-worker 2000 --kv-block-tokens 64 --json");
        Option<string> trace = new("--trace") { Description = "Trace in Mooncake's format: a JSON object a line; .gz is unpacked", HelpName = "FILE", Required = true };
        Option<int> workers = LoadArguments.Integer("--workers", "Prefill workers", "N", 8, 1, MostWorkers);
        Option<int> blocks = LoadArguments.Integer("--blocks-per-worker", "KV memory of each, in blocks of 512 tokens", "B", 10_000, 1, MostBlocksPerWorker);
        Option<int> kvBlock = new("--kv-block-tokens") { Description = "Tokens of a KV block: 64, 128, 256 or 512 (default 512, one for each id of the trace)", HelpName = "T", DefaultValueFactory = _ => TraceEntry.BlockTokens };
        kvBlock.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var tokens && tokens is not (64 or 128 or 256 or 512))
            {
                result.AddError($"--kv-block-tokens: must be 64, 128, 256 or 512, is {tokens}");
            }
        });
        Option<double> speed = LoadArguments.Number(
            "--tokens-per-second", "Prompt tokens that a worker computes in a second, so that queues build up; 0 for workers that are done at once", "R", 0, 0, MostTokensPerSecond);
        Option<bool> json = new("--json") { Description = "Write one JSON document" };
        foreach (Option option in (Option[])[trace, workers, blocks, kvBlock, speed, json])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupts interrupts = new(cancellationToken);
            RoutingSetup setup = new(parsed.GetValue(workers), parsed.GetValue(blocks), parsed.GetValue(kvBlock), parsed.GetValue(speed));
            string path = parsed.GetValue(trace)!;
            DateTimeOffset date = time.GetUtcNow();
            RoutingFigures figures = await Task.Run(() => Run(path, setup, terminal, time, interrupts.Token), interrupts.Token);
            RoutingReport report = new(date, BenchMachine.Read(), path, setup, figures);
            if (parsed.GetValue(json))
            {
                await terminal.Output.WriteLineAsync(report.Json());
            }
            else
            {
                report.WriteTable(terminal);
            }

            return 0;
        });
        return command;
    }

    private static void CheckMemory(RoutingSetup setup)
    {
        long kvBlocks = (long)setup.Workers * setup.BlocksPerWorker * (TraceEntry.BlockTokens / setup.KvBlockTokens);
        if (kvBlocks > MostKvBlocks)
        {
            throw new CommandFailedException(
                $"--workers {setup.Workers} times --blocks-per-worker {setup.BlocksPerWorker}: at most {MostKvBlocks} KV blocks of {setup.KvBlockTokens} tokens in all, is {kvBlocks}");
        }
    }

    private static RoutingFigures Run(string path, RoutingSetup setup, Terminal terminal, TimeProvider time, CancellationToken cancellation)
    {
        CheckMemory(setup);
        terminal.Error.WriteLine("reading the trace");
        IReadOnlyList<TraceEntry> entries = TraceFile.Read(path, null);
        terminal.Error.WriteLine($"replaying {entries.Count} requests");

        // Decisions are to be timed in compiled code: the first requests are replayed once for nothing.
        new RoutingReplay(setup, time).Run([.. entries.Take(WarmupRequests)], cancellation);
        return new RoutingReplay(setup, time).Run(entries, cancellation);
    }
}
