using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Rendering;
using OrleansServe.Engine.Weights;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Cli.Commands;

/// <summary><c>bench</c>: measurements.</summary>
internal static class BenchCommand
{
    private const int MostThreads = 1024;

    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time) => new DocumentedCommand(
        "bench",
        "Measures.",
        "./orleansserve bench engine --model artifacts/mini",
        "./orleansserve bench serve --requests 500 --rate 50")
    {
        CreateEngine(terminal, time),
        BenchServeCommand.Create(terminal, time),
    };

    private static DocumentedCommand CreateEngine(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "engine",
            "Measures the machine's read bandwidth and multiply-add rate, then decoding and prefilling, each also as a share of what the machine allows: bytes that must be read or operations that must be done, whichever takes longer. Then one stream with and without drafts, where the model has an MTP layer.",
            "./orleansserve bench engine --model artifacts/mini",
            "./orleansserve bench engine --model artifacts/mini --threads 1 --json");
        Option<string> model = new("--model") { Description = "Model folder in HuggingFace form", HelpName = "DIR", Required = true };
        Option<int> threads = new("--threads") { Description = "Threads that compute; 0 for one per processor", HelpName = "N" };
        threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var value && value is < 0 or > MostThreads)
            {
                result.AddError($"--threads: must be from 0 to {MostThreads}, is {value}");
            }
        });
        Option<bool> json = new("--json") { Description = "Write one JSON document" };
        command.Add(model);
        command.Add(threads);
        command.Add(json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupts interrupts = new(cancellationToken);
            int count = parsed.GetValue(threads) is > 0 and var asked ? asked : Environment.ProcessorCount;
            EngineBenchReport report = await Task.Run(() => Run(parsed.GetValue(model)!, count, terminal, time, interrupts.Token), interrupts.Token);
            if (parsed.GetValue(json))
            {
                await terminal.Output.WriteLineAsync(report.Json(BenchMachine.Read(), time.GetUtcNow()));
            }
            else
            {
                report.WriteTables(terminal);
            }

            return 0;
        });
        return command;
    }

    private static EngineBenchReport Run(string folder, int threads, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        terminal.Error.WriteLine("measuring the machine");
        MachineLimits machine = new MachineProbe(threads, time).Measure(cancellationToken);
        terminal.Error.WriteLine("loading the model");
        using ModelWeights weights = ModelWeights.Load(checkpoint, cancellation: cancellationToken);
        using EngineBench bench = new(weights, CostModel.Of(checkpoint), threads, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, time);
        int longest = checkpoint.Config.MaxPositionEmbeddings;
        List<BenchPoint> decode = [];
        foreach (int context in BenchSizes.Clip(BenchSizes.Contexts, longest))
        {
            foreach (int batch in BenchSizes.Batches)
            {
                decode.Add(bench.Decode(batch, context, cancellationToken));
                terminal.Error.WriteLine(EngineBenchReport.Line("decode", decode[^1], machine));
            }
        }

        List<BenchPoint> prefill = [];
        foreach (int length in BenchSizes.Clip(BenchSizes.Prompts, longest))
        {
            prefill.Add(bench.Prefill(length, cancellationToken));
            terminal.Error.WriteLine(EngineBenchReport.Line("prefill", prefill[^1], machine));
        }

        return new EngineBenchReport(folder, threads, machine, decode, prefill, Speculate(folder, weights, threads, terminal, time, cancellationToken));
    }

    private static SpeculationPoint[] Speculate(
        string folder, ModelWeights weights, int threads, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!weights.HasMtp)
        {
            return [];
        }

        terminal.Error.WriteLine("drafting");
        using SpeculationBench bench = new(weights, SpeculationPrompts.For(folder), threads, time);
        return bench.Measure(cancellationToken);
    }
}
