using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Bench.Transfer;
using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench transfer</c>: how near KV over the data plane comes to a bare socket.</summary>
internal static class BenchTransferCommand
{
    private const int MostKibibytes = 16 << 10;
    private const int MostRounds = 100;
    private const double LongestSeconds = 60;

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "transfer",
            "Sends KV over the data plane on loopback, in turns with a bare socket that carries the same bytes from the same memory into the same memory.",
            "./orleansserve bench transfer",
            "./orleansserve bench transfer --sizes 1024 --rounds 9 --json");
        Option<string> sizes = new("--sizes") { Description = $"Payloads in KiB, up to {MostKibibytes}, with commas between", HelpName = "LIST", DefaultValueFactory = _ => "72,1024,4096,16384" };
        Option<double> seconds = LoadArguments.Number("--seconds", "Length of one measurement", "S", 0.5, 0.01, LongestSeconds);
        Option<int> rounds = LoadArguments.Integer("--rounds", "Measurements of each", "N", 5, 1, MostRounds);
        Option<bool> json = new("--json") { Description = "Write one JSON document" };
        foreach (Option option in (Option[])[sizes, seconds, rounds, json])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupts interrupts = new(cancellationToken);
            TransferBench bench = new(time, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(rounds));
            DateTimeOffset date = time.GetUtcNow();
            List<TransferPoint> points = [];
            foreach (int kibibytes in Parse(parsed.GetValue(sizes)!))
            {
                terminal.Error.WriteLine($"payloads of {kibibytes} KiB");
                points.Add(await bench.MeasureAsync(kibibytes << 10, interrupts.Token));
            }

            TransferReport report = new(date, BenchMachine.Read(), parsed.GetValue(rounds), points);
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

    private static int[] Parse(string text)
    {
        try
        {
            return BenchSizes.Parse(text, MostKibibytes);
        }
        catch (FormatException e)
        {
            throw new CommandFailedException($"--sizes: {e.Message}");
        }
    }
}
