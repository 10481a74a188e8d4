using System.CommandLine;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Cli.Commands;

/// <summary><c>serve</c>: the whole cluster in one process until it is told to stop.</summary>
internal static class ServeCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "serve",
            "Serves a model over gRPC until Ctrl-C.",
            "./orleansserve serve",
            "./orleansserve serve --model /models/DeepSeek-V2-Lite --name v2-lite --kv-blocks 4096",
            "./orleansserve serve --listen 0.0.0.0 --port 50051 --http-port 8080 --decode 2 --experts 4",
            "ORLEANSSERVE__PORT=6000 ./orleansserve serve")
        {
            Notes = SiloArguments.EnvironmentNotes,
        };
        SiloArguments arguments = new(command, static _ => true);
        command.SetAction((parsed, cancellationToken) => RunAsync(arguments.Read(parsed), terminal, time, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(SiloOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        if (options.JsonLogs)
        {
            // Whoever reads the log as JSON reads these messages with it.
            terminal = terminal with { Error = new JsonLineWriter(terminal.Error, time), ErrorAnsi = false };
        }

        await using SiloHost host = await StartAsync(options, terminal, time, cancellationToken);
        await terminal.Output.WriteLineAsync(ServeBanner.Text(terminal, host));
        await terminal.Output.FlushAsync(cancellationToken);
        await host.WaitUntilToldToStopAsync(cancellationToken);
        bool whole = await new Draining(host, terminal.Error, time).RunAsync();
        if (host.Failure is { } failure)
        {
            throw new CommandFailedException($"a worker failed: {failure.Message}", failure);
        }

        await terminal.Error.WriteLineAsync(whole ? "stopped" : "stopped at once");
        return whole ? 0 : CommandRunner.Interrupted;
    }

    // From here on the host itself hears that it is to stop; until then a start is given up.
    private static async Task<SiloHost> StartAsync(SiloOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        using Interrupts interrupts = new(cancellationToken);
        return await HostStarter.StartAsync(options, terminal, time, interrupts.Token);
    }
}
