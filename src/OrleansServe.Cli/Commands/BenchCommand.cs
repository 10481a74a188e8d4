using System.CommandLine;

using OrleansServe.Cli.Rendering;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench</c>: measurements.</summary>
internal static class BenchCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time) => new DocumentedCommand(
        "bench",
        "Measures.",
        "./orleansserve bench engine --model artifacts/mini",
        "./orleansserve bench serve --requests 500 --rate 50")
    {
        BenchEngineCommand.Create(terminal, time),
        BenchServeCommand.Create(terminal, time),
        BenchRoutingCommand.Create(terminal, time),
        BenchTransferCommand.Create(terminal, time),
        BenchBalanceCommand.Create(terminal, time),
        BenchExpertsCommand.Create(terminal, time),
        BenchControlCommand.Create(terminal, time),
    };
}
