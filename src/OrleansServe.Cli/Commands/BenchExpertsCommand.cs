using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Bench.Experts;
using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench experts</c>: how much of the way to experts elsewhere is hidden behind computation.</summary>
internal sealed class BenchExpertsCommand
{
    private const int MostRows = 1024;
    private const int MostContext = 65536;
    private const int MostDevices = 64;
    private const int MostSteps = 100_000;

    // Below, a microbatch has no rows.
    private const int FewestRows = 2;

    private readonly Option<string> _model = new("--model") { Description = "Model folder in HuggingFace form", HelpName = "DIR", Required = true };
    private readonly Option<int> _rows = LoadArguments.Integer("--rows", "Sequences that decode together", "N", 16, FewestRows, MostRows);
    private readonly Option<int> _context = LoadArguments.Integer("--context", "Positions of each", "N", 512, 1, MostContext);
    private readonly Option<int> _devices = LoadArguments.Integer("--devices", "Devices that the experts are spread over, the engine's own included; each takes a thread that never sleeps", "N", 2, 2, MostDevices);
    private readonly Option<double> _delay = LoadArguments.Number("--delay", "One-way delay of a hop, as a share of the time that one microbatch is computed in a layer", "S", 0.5, 0, 100);
    private readonly Option<int> _steps = LoadArguments.Integer("--steps", "Measured steps of each schedule", "N", 150, 1, MostSteps);
    private readonly Option<string> _weights = WeightsArgument.Create();
    private readonly Option<bool> _json = new("--json") { Description = "Write one JSON document, with the whole time line of a step" };
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private BenchExpertsCommand(Terminal terminal, TimeProvider time) => (_terminal, _time) = (terminal, time);

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        BenchExpertsCommand bench = new(terminal, time);
        DocumentedCommand command = new(
            "experts",
            "Measures decode steps whose experts are partly on other devices, with a delay on the way there and back and without, in two microbatches and in one; shows what is computed while rows are away, as a time line.",
            "./orleansserve bench experts --model artifacts/mini",
            "./orleansserve bench experts --model artifacts/mini --rows 32 --delay 1 --json")
        {
            bench._model,
            bench._weights,
            bench._rows,
            bench._context,
            bench._devices,
            bench._delay,
            bench._steps,
            bench._json,
        };
        command.SetAction(bench.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using Interrupts interrupts = new(cancellationToken);
        ExpertBenchReport report = await Task.Run(() => Measure(parsed, interrupts.Token), interrupts.Token);
        if (parsed.GetValue(_json))
        {
            await _terminal.Output.WriteLineAsync(report.Json(BenchMachine.Read(), _time.GetUtcNow()));
        }
        else
        {
            report.Write(_terminal);
        }

        return 0;
    }

    private ExpertBenchReport Measure(ParseResult parsed, CancellationToken cancellationToken)
    {
        string folder = parsed.GetValue(_model)!;
        WeightFormat format = WeightFormats.Parse(parsed.GetValue(_weights)!);
        ExpertBenchSetup setup = new(parsed.GetValue(_rows), parsed.GetValue(_context), parsed.GetValue(_devices), parsed.GetValue(_delay), parsed.GetValue(_steps));
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        if (!Enumerable.Range(0, checkpoint.Config.NumHiddenLayers).Any(checkpoint.Config.IsMoeLayer))
        {
            throw new CommandFailedException($"--model: {TerminalText.OneLine(folder)} has no experts");
        }

        if (setup.Context > checkpoint.Config.MaxPositionEmbeddings)
        {
            throw new CommandFailedException($"--context: must be at most {checkpoint.Config.MaxPositionEmbeddings}, which is the model's longest, is {setup.Context}");
        }

        _terminal.Error.WriteLine("loading the model");
        using ModelWeights weights = ModelWeights.Load(checkpoint, new WeightsOptions { IncludeMtp = false, Format = format }, cancellation: cancellationToken);
        _terminal.Error.WriteLine("measuring");
        using ExpertBench bench = new(weights, setup, _time);
        return new ExpertBenchReport(folder, WeightFormats.NameOf(format, checkpoint), setup, bench.Measure(cancellationToken));
    }
}
