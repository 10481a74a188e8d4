using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Rendering;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench engine</c>: how near the engine comes to what the machine allows.</summary>
internal sealed class BenchEngineCommand
{
    private const int MostThreads = 1024;
    private const int MostBatch = 1024;
    private const int MostTokens = 65536;

    private readonly Option<string> _model = new("--model") { Description = "Model folder in HuggingFace form", HelpName = "DIR", Required = true };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads that compute; 0 for one per processor", HelpName = "N" };
    private readonly Option<string> _batches = List("--batches", "Sequences that decode together", BenchSizes.Default.Batches, MostBatch);
    private readonly Option<string> _contexts = List("--contexts", "Positions of each", BenchSizes.Default.Contexts, MostTokens);
    private readonly Option<string> _prompts = List("--prompts", "Lengths of prompts to prefill", BenchSizes.Default.Prompts, MostTokens);
    private readonly Option<string> _weights = WeightsArgument.Create();
    private readonly Option<bool> _noDrafts = new("--no-drafts") { Description = "Leave out decoding with drafts" };
    private readonly Option<bool> _json = new("--json") { Description = "Write one JSON document" };
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private BenchEngineCommand(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
        _threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && value is < 0 or > MostThreads)
            {
                result.AddError($"--threads: must be from 0 to {MostThreads}, is {value}");
            }
        });
    }

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        BenchEngineCommand bench = new(terminal, time);
        DocumentedCommand command = new(
            "engine",
            "Measures the machine's read bandwidth and multiply-add rate, then decoding and prefilling, each also as a share of what the machine allows: bytes that must be read or operations that must be done, whichever takes longer. Then one stream with and without drafts, where the model has an MTP layer.",
            "./orleansserve bench engine --model artifacts/mini",
            "./orleansserve bench engine --model artifacts/mini --batches 1 --contexts 128 --prompts none --no-drafts --json")
        {
            bench._model,
            bench._weights,
            bench._threads,
            bench._batches,
            bench._contexts,
            bench._prompts,
            bench._noDrafts,
            bench._json,
        };
        command.SetAction(bench.RunAsync);
        return command;
    }

    private static Option<string> List(string name, string what, int[] fallback, int most)
    {
        string text = string.Join(',', fallback);
        Option<string> option = new(name) { Description = $"{what}; none leaves them out (default {text})", HelpName = "LIST", DefaultValueFactory = _ => text };
        option.Validators.Add(result =>
        {
            try
            {
                _ = BenchSizes.Parse(result.GetValueOrDefault<string>() ?? "", most);
            }
            catch (FormatException exception)
            {
                result.AddError($"{name} {exception.Message}");
            }
        });
        return option;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using Interrupts interrupts = new(cancellationToken);
        EngineBenchReport report = await Task.Run(() => Measure(parsed, interrupts.Token), interrupts.Token);
        if (parsed.GetValue(_json))
        {
            await _terminal.Output.WriteLineAsync(report.Json(BenchMachine.Read(), _time.GetUtcNow()));
        }
        else
        {
            report.WriteTables(_terminal);
        }

        return 0;
    }

    private EngineBenchReport Measure(ParseResult parsed, CancellationToken cancellationToken)
    {
        string folder = parsed.GetValue(_model)!;
        int threads = parsed.GetValue(_threads) is > 0 and var asked ? asked : Environment.ProcessorCount;
        WeightFormat format = WeightFormats.Parse(parsed.GetValue(_weights)!);
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        BenchSizes sizes = new BenchSizes(
            BenchSizes.Parse(parsed.GetValue(_batches)!, MostBatch),
            BenchSizes.Parse(parsed.GetValue(_contexts)!, MostTokens),
            BenchSizes.Parse(parsed.GetValue(_prompts)!, MostTokens)).Within(checkpoint.Config.MaxPositionEmbeddings);
        _terminal.Error.WriteLine("measuring the machine");
        using MachineProbe probe = new(threads, _time);
        MachineLimits machine = probe.Measure(cancellationToken);
        _terminal.Error.WriteLine("loading the model");
        using ModelWeights weights = ModelWeights.Load(checkpoint, new WeightsOptions { Format = format }, cancellation: cancellationToken);
        using EngineBench bench = new(weights, CostModel.Of(checkpoint, format), probe, sizes, threads, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, _time);
        bench.WarmUp(cancellationToken);
        List<BenchPoint> decode = [];
        foreach (int context in sizes.Contexts)
        {
            foreach (int batch in sizes.Batches)
            {
                decode.Add(bench.Decode(batch, context, cancellationToken));
                _terminal.Error.WriteLine(EngineBenchReport.Line("decode", decode[^1]));
            }
        }

        List<BenchPoint> prefill = [];
        foreach (int length in sizes.Prompts)
        {
            prefill.Add(bench.Prefill(length, cancellationToken));
            _terminal.Error.WriteLine(EngineBenchReport.Line("prefill", prefill[^1]));
        }

        return new EngineBenchReport(
            folder, WeightFormats.NameOf(format, checkpoint), threads, machine, decode, prefill, parsed.GetValue(_noDrafts) ? [] : Speculate(folder, weights, threads, cancellationToken));
    }

    private SpeculationPoint[] Speculate(string folder, ModelWeights weights, int threads, CancellationToken cancellationToken)
    {
        if (!weights.HasMtp)
        {
            return [];
        }

        _terminal.Error.WriteLine("drafting");
        using SpeculationBench bench = new(weights, SpeculationPrompts.For(folder), threads, _time);
        return bench.Measure(cancellationToken);
    }
}
