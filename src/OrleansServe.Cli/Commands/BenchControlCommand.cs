using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Bench.Control;
using OrleansServe.Cli.Rendering;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench control</c>: what everything around the engine costs.</summary>
internal static class BenchControlCommand
{
    private const int MostConcurrency = 4096;
    private const int LongestPrompt = 16_384;
    private const double LongestInterval = 1000;
    private const double LongestWindow = 600;

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "control",
            "Measures what everything around the engine costs: a whole cluster in this process whose engines compute nothing. CPU time of a token from the decode worker to the client's stream and to a gRPC connection, and how many requests a second pass through scheduler, reservation, prefill and decode.",
            "./orleansserve bench control",
            "./orleansserve bench control --streams 256 --step-interval 20 --json");
        Option<int> streams = LoadArguments.Integer("--streams", "Streams at once", "N", 64, 1, MostConcurrency);
        Option<double> interval = LoadArguments.Number("--step-interval", "Milliseconds from one decode step to the next", "MS", 10, 1, LongestInterval);
        Option<int> requests = LoadArguments.Integer("--requests", "Requests at once, where requests are counted", "N", 64, 1, MostConcurrency);
        Option<int> prompt = LoadArguments.Integer("--prompt-tokens", "Tokens of their prompts", "T", 1000, 1, LongestPrompt);
        Option<double> window = LoadArguments.Number("--seconds", "How long each of the four measurements takes, after at least a third of it to warm up", "S", 6, 0.1, LongestWindow);
        Option<bool> json = new("--json") { Description = "Write one JSON document" };
        foreach (Option option in (Option[])[streams, interval, requests, prompt, window, json])
        {
            command.Add(option);
        }

        SiloArguments arguments = new(command, static setting => setting.Key is "Verbose");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupts interrupts = new(cancellationToken);
            ControlSetup setup = new(
                parsed.GetValue(streams),
                TimeSpan.FromMilliseconds(parsed.GetValue(interval)),
                parsed.GetValue(requests),
                parsed.GetValue(prompt),
                TimeSpan.FromSeconds(parsed.GetValue(window)));
            SiloOptions options = arguments.Read(parsed) with { Model = EmbeddedModel.Folder, ModelName = null, Port = 0, HttpPort = 0, Listen = System.Net.IPAddress.Loopback };
            DateTimeOffset date = time.GetUtcNow();
            ControlFigures figures = await new ControlBench(setup, terminal, time).RunAsync(options, interrupts.Token);
            ControlReport report = new(date, BenchMachine.Read(), setup, figures);
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
}
