using System.CommandLine;

using OrleansServe.Cli.Bench;
using OrleansServe.Cli.Inspect;
using OrleansServe.Cli.Rendering;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Silo.Models;

namespace OrleansServe.Cli.Commands;

/// <summary><c>inspect</c>: what a checkpoint is.</summary>
internal static class InspectCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Create(Terminal terminal, TimeProvider time)
    {
        DocumentedCommand command = new(
            "inspect",
            "Reads a model folder, checks it, and says what it is. With --weights int8 or --expert-rows fp8 also how far its logits then are from the checkpoint's.",
            "./orleansserve inspect models/tiny-r1",
            "./orleansserve inspect models/tiny-r1 --weights int8",
            "./orleansserve inspect models/tiny-r1 --expert-rows fp8",
            "./orleansserve inspect /models/DeepSeek-V2-Lite --json");
        Argument<string> folder = new("folder") { Description = "Model folder in HuggingFace form", HelpName = "FOLDER" };
        Option<bool> json = new("--json") { Description = "Write one JSON object" };
        Option<string> weights = WeightsArgument.Create();
        Option<string> rows = WeightsArgument.CreateRows();
        command.Add(folder);
        command.Add(weights);
        command.Add(rows);
        command.Add(json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using Interrupts interrupts = new(cancellationToken);
            WeightFormat format = WeightFormats.Parse(parsed.GetValue(weights)!);
            (ModelSummary summary, WeightComparison? comparison) = await Task.Run(
                () => Read(parsed.GetValue(folder)!, format, ExpertRowFormats.Parse(parsed.GetValue(rows)!), terminal, time, interrupts.Token), interrupts.Token);
            if (parsed.GetValue(json))
            {
                await terminal.Output.WriteLineAsync(SummaryReport.Json(summary, comparison));
            }
            else
            {
                SummaryReport.WriteTable(terminal, parsed.GetValue(folder)!, summary, comparison);
            }

            return 0;
        });
        return command;
    }

    private static (ModelSummary Summary, WeightComparison? Comparison) Read(
        string folder, WeightFormat format, ExpertRowFormat rows, Terminal terminal, TimeProvider time, CancellationToken cancellationToken)
    {
        using StartupProgress progress = new(terminal.Error, terminal.ErrorAnsi, time);
        progress.Report(new LoadProgress("opening the model"));
        using Checkpoint checkpoint = Checkpoint.Open(folder);
        ModelSummary summary = ModelSummary.Of(checkpoint, WeightsFingerprint.Load(checkpoint, HashingProgress.To(progress), cancellationToken), weights: format, rows: rows);
        if (format == WeightFormat.Native && rows == ExpertRowFormat.Exact)
        {
            return (summary, null);
        }

        progress.Report(new LoadProgress("comparing logits"));
        return (summary, WeightComparison.Measure(checkpoint, format, rows, SpeculationPrompts.For(folder), cancellationToken));
    }
}
