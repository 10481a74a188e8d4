using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

using OrleansServe.Cli.Rendering;

namespace OrleansServe.Cli.Commands;

/// <summary>The command line as a whole.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code: 0, 1 for a failure, 130 when interrupted.</returns>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, TimeProvider time, CancellationToken cancellationToken = default)
    {
        InvocationConfiguration configuration = new()
        {
            Output = terminal.Output,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,

            // A server needs its own time to stop, and a conversation decides itself what an interrupt means.
            ProcessTerminationTimeout = null,
        };
        ParseResult parsed = Create(terminal, time).Parse(arguments);
        if (parsed.Action is ParseErrorAction wrong && parsed.CommandResult.Command.Subcommands.Count == 0)
        {
            // A command of fifty options would push what is wrong out of sight.
            wrong.ShowHelp = false;
        }

        return CommandRunner.RunAsync(() => parsed.InvokeAsync(configuration, cancellationToken), terminal);
    }

    /// <summary>Builds the tree of commands.</summary>
    public static RootCommand Create(Terminal terminal, TimeProvider time)
    {
        RootCommand root = new("OrleansServe: a distributed serving cluster for DeepSeek-V3/R1 models.")
        {
            DemoCommand.Create(terminal, time),
            ServeCommand.Create(terminal, time),
            ChatCommand.Create(terminal, time),
            GenerateCommand.Create(terminal, time),
            ExpertsCommand.Create(terminal),
            UsageCommand.CreateUsage(terminal, time),
            UsageCommand.CreateEconomics(terminal, time),
            InspectCommand.Create(terminal, time),
            SynthCommand.Create(terminal, time),
            SimulateCommand.Create(terminal, time),
            BenchCommand.Create(terminal, time),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }
}
