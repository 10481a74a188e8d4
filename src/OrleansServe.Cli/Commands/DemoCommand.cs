using System.CommandLine;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Demo;
using OrleansServe.Cli.Demo.Breathe;
using OrleansServe.Cli.Demo.Crash;
using OrleansServe.Cli.Rendering;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Cli.Commands;

/// <summary><c>demo</c>: the embedded cluster answers questions whose answers are known.</summary>
internal static class DemoCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "demo",
            "Starts the embedded cluster in this process, asks it three questions over gRPC, checks the answers, and stops. The exit code is 0 only if all are right.",
            "./orleansserve demo",
            "./orleansserve demo --experts 4 --threads 1",
            "./orleansserve demo --crash",
            "./orleansserve demo --breathe");
        Option<bool> crash = new("--crash") { Description = "Instead: four answers side by side while silos crash, each compared with its fault-free run" };
        command.Add(crash);
        Option<bool> breathe = new("--breathe") { Description = "Instead: a day in a minute and a half, in which the cluster grows and shrinks with what is asked of it" };
        command.Add(breathe);
        command.Validators.Add(result =>
        {
            if (result.GetValue(crash) && result.GetValue(breathe))
            {
                result.AddError("--crash and --breathe are two demonstrations: name one.");
            }
        });
        SiloArguments arguments = new(command, static setting => setting.Key is "Prefill" or "Decode" or "Experts" or "KvBlocks" or "Threads" or "Verbose");
        command.SetAction((parsed, cancellationToken) =>
        {
            SiloOptions options = arguments.Read(parsed) with { Model = EmbeddedModel.Folder, ModelName = null, Port = 0, HttpPort = 0, Listen = System.Net.IPAddress.Loopback };
            return parsed.GetValue(crash) ? CrashAsync(options, terminal, time, cancellationToken)
                : parsed.GetValue(breathe) ? BreatheAsync(options, terminal, time, cancellationToken)
                : RunAsync(options, terminal, time, cancellationToken);
        });
        return command;
    }

    private static async Task<int> CrashAsync(SiloOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        using Interrupts interrupts = new(cancellationToken);
        return await new CrashDemo(options, terminal, time).RunAsync(interrupts.Token) ? 0 : CommandRunner.Failed;
    }

    private static async Task<int> BreatheAsync(SiloOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        using Interrupts interrupts = new(cancellationToken);
        return await new BreatheDemo(options, terminal, time).RunAsync(interrupts.Token) ? 0 : CommandRunner.Failed;
    }

    private static async Task<int> RunAsync(SiloOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        using Interrupts interrupts = new(cancellationToken);
        long begin = time.GetTimestamp();
        await using SiloHost host = await HostStarter.StartAsync(options, terminal, time, interrupts.Token);
        using ServerConnection connection = new(host.GrpcAddress);
        await terminal.Output.WriteLineAsync(
            $"{terminal.Bold($"{TerminalText.OneLine(host.ModelName)} is served at {host.GrpcAddress}")} after {Quantity.Duration(time.GetElapsedTime(begin))}");
        await terminal.Output.WriteLineAsync($"  {ServeBanner.Model(host)}");
        await terminal.Output.WriteLineAsync(
            $"  one process: gateway, {Workers(options.PrefillWorkers, "prefill worker")}, {Workers(options.DecodeWorkers, "decode worker")}, {Workers(host.ExpertShards, "expert shard")}\n");

        IReadOnlyList<TurnResult> results = await new DemoRun(connection.Inference, terminal, time).AskAsync(DemoScript.Conversations, interrupts.Token);
        DemoReport.WriteSummary(terminal, results);
        return results.All(result => result.Right) ? 0 : CommandRunner.Failed;
    }

    private static string Workers(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
}
