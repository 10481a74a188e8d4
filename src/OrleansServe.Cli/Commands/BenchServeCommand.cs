using System.CommandLine;

using Grpc.Core;

using OrleansServe.Cli.Bench.Serving;
using OrleansServe.Cli.Bench.Serving.Results;
using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench serve</c>: loads a running server.</summary>
internal static class BenchServeCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "serve",
            "Loads a running server and measures how it answers: rates, latencies as a client sees them, and how many requests keep given targets. Requests are sent when they are due, answered or not.",
            "./orleansserve bench serve --requests 500 --rate 50 --input-length 64-512 --output-length 64",
            "./orleansserve bench serve --requests 200 --rate inf --max-concurrency 16 --prefix-length 256 --prefixes 4 --json",
            "./orleansserve bench serve --trace bench/traces/conversation-48.jsonl --length-scale 0.03125 --skip-too-long --ttft-target 200ms --itl-target 50ms",
            "./orleansserve bench serve --prompts questions.txt --chat --output-length 200 --stop-at-eos");
        ClientArguments client = new(command);
        LoadArguments load = new(command);
        SchedulingArguments scheduling = new(command);
        WorkloadArguments workload = new(command, load);
        Option<bool> json = new("--json") { Description = "Write one JSON document" };
        command.Add(json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            LoadSetup setup = load.ReadSetup(parsed, client.ReadModel(parsed), scheduling.Read(parsed), workload.IsTrace(parsed), workload.SkipTooLong(parsed));
            Func<Protocol.V1.Model, Workload> plan = workload.Read(parsed, setup);
            using ServerConnection connection = client.Connect(parsed);
            using Interrupts interrupts = new(cancellationToken);
            LoadReport report;
            try
            {
                report = await new ServeBench(connection.Inference, setup, load.ReadTargets(parsed), terminal, time).RunAsync(connection.Server, plan, interrupts.Token);
            }
            catch (RpcException exception) when (!interrupts.Token.IsCancellationRequested)
            {
                throw new CommandFailedException(RpcFault.Describe(exception, connection.Server), exception);
            }

            if (parsed.GetValue(json))
            {
                await terminal.Output.WriteLineAsync(report.Json());
            }
            else
            {
                LoadTable.Write(report, terminal);
            }

            return report.Run.Interrupted ? CommandRunner.Interrupted : report.Figures.Completed > 0 ? 0 : CommandRunner.Failed;
        });
        return command;
    }
}
