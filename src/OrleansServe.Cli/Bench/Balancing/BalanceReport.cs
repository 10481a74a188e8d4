using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

using OrleansServe.Cli.Rendering;
using OrleansServe.Policies.Balancing.Experts;

using Spectre.Console;

namespace OrleansServe.Cli.Bench.Balancing;

/// <summary>What <c>bench balance</c> has to say, for people and for programs.</summary>
/// <param name="Date">When it began.</param>
/// <param name="Machine">Where.</param>
/// <param name="Shape">Experts and devices.</param>
/// <param name="MostMoved">Share of the replicas that may be moved.</param>
internal sealed record BalanceReport(DateTimeOffset Date, BenchMachine Machine, ExpertClusterShape Shape, double MostMoved)
{
    // More than any count of rows can resolve.
    private const int ShareDigits = 9;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>One JSON document about loads that were given.</summary>
    public string Json(string source, BalanceFigures figures)
    {
        JsonObject document = Head(figures.Plans.Count);
        document["loads"] = source;
        Add(document, figures);
        document["layers"] = new JsonArray([.. figures.Plans.Select((plan, layer) => new JsonObject
        {
            ["layer"] = layer,
            ["balancedness"] = plan.Balancedness,
            ["uniform_balancedness"] = plan.UniformBalancedness,
            ["greedy_balancedness"] = plan.GreedyBalancedness,
            ["fractional_bound"] = plan.FractionalBound,
            ["origin"] = plan.Origin.ToString().ToLowerInvariant(),
            ["moved_replicas"] = plan.Moved,
        })]);
        document["plan"] = new JsonArray([.. figures.Plans.Select(plan => new JsonArray([.. plan.Slots.Select(expert => (JsonNode)expert)]))]);
        document["shares"] = new JsonArray([.. figures.Plans.Select(plan => new JsonArray([.. plan.Shares.Select(share => (JsonNode)Math.Round(share, ShareDigits))]))]);
        return document.ToJsonString();
    }

    /// <summary>One JSON document about loads that were drawn.</summary>
    public string Json(ulong seed, IReadOnlyList<BalanceCase> cases)
    {
        JsonObject document = Head(cases[0].Figures.Plans.Count);
        document["seed"] = seed;
        document["drift"] = LoadDistribution.MostDrift;
        document["cases"] = new JsonArray([.. cases.Select(drawn =>
        {
            JsonObject drifted = [];
            Add(drifted, drawn.Drifted);
            drifted["balancedness_planned_anew"] = drawn.Anew.Balancedness;
            JsonObject entry = new() { ["distribution"] = drawn.Distribution.Name };
            Add(entry, drawn.Figures);
            entry["after_drift"] = drifted;
            return entry;
        })]);
        return document.ToJsonString(Indented);
    }

    /// <summary>A table about loads that were given: the whole, and the layers that are worst.</summary>
    public void WriteTable(Terminal terminal, string source, BalanceFigures figures)
    {
        const int Shown = 8;
        WriteHead(terminal, TerminalText.OneLine(source), figures.Plans.Count);
        Table table = NewTable(terminal, "layer");
        table.AddRow([.. Row("all", figures)]);
        foreach ((int layer, LayerPlan plan) in figures.Plans.Index().OrderBy(entry => entry.Item.Balancedness).Take(Shown))
        {
            table.AddRow(Text($"{layer}"), Share(plan.Balancedness), Share(plan.UniformBalancedness), Share(plan.GreedyBalancedness), Share(plan.FractionalBound), Moved(figures.HasPrevious, (double)plan.Moved / plan.Slots.Length), "");
        }

        terminal.CreateConsole().Write(table);
        if (figures.Plans.Count > Shown)
        {
            terminal.Output.WriteLine(Text($"the {Shown} worst of {figures.Plans.Count} layers; --json has all of them, and the plan"));
        }
    }

    /// <summary>A table about loads that were drawn.</summary>
    public void WriteTable(Terminal terminal, ulong seed, IReadOnlyList<BalanceCase> cases)
    {
        WriteHead(terminal, Text($"loads drawn with seed {seed}"), cases[0].Figures.Plans.Count);
        Table table = NewTable(terminal, "loads");
        foreach (BalanceCase drawn in cases)
        {
            table.AddRow([.. Row(drawn.Distribution.Name, drawn.Figures)]);
            table.AddRow([.. Row(Text($"  after {LoadDistribution.MostDrift:0%} drift"), drawn.Drifted)]);
            table.AddRow([.. Row("  the same, planned anew", drawn.Anew)]);
        }

        terminal.CreateConsole().Write(table);
    }

    private static void Add(JsonObject document, BalanceFigures figures)
    {
        document["balancedness"] = figures.Balancedness;
        document["uniform_balancedness"] = figures.UniformBalancedness;
        document["greedy_balancedness"] = figures.GreedyBalancedness;
        document["fractional_bound"] = figures.FractionalBound;
        document["layers_below_greedy"] = figures.LayersBelowGreedy;
        document["plan_milliseconds"] = figures.PlanMilliseconds;
        if (figures.HasPrevious)
        {
            document["moved_share"] = figures.MovedShare;
        }
    }

    private static Table NewTable(Terminal terminal, string first)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn(first);
        foreach (string column in (string[])["balancedness", "equal shares", "greedy", "bound", "moved", "ms"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        return table;
    }

    private static string[] Row(string name, BalanceFigures figures) =>
    [
        name, Share(figures.Balancedness), Share(figures.UniformBalancedness), Share(figures.GreedyBalancedness), Share(figures.FractionalBound), Moved(figures.HasPrevious, figures.MovedShare), Text($"{figures.PlanMilliseconds:0.0}"),
    ];

    private static string Share(double value) => Text($"{value:0.0000}");

    private static string Moved(bool hasPrevious, double share) => hasPrevious ? Text($"{100 * share:0.0}%") : "";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private JsonObject Head(int layers) => new()
    {
        ["benchmark"] = "balance",
        ["date"] = Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ"),
        ["commit"] = Machine.Commit,
        ["machine"] = Machine.Json(),
        ["layer_count"] = layers,
        ["experts"] = Shape.Experts,
        ["redundant"] = Shape.Redundant,
        ["devices"] = Shape.Devices,
        ["nodes"] = Shape.Nodes,
        ["groups"] = Shape.Groups,
        ["mode"] = Shape.IsHierarchical ? "hierarchical" : "global",
        ["most_moved"] = MostMoved,
    };

    private void WriteHead(Terminal terminal, string source, int layers)
    {
        terminal.Output.WriteLine(Machine.Line());
        terminal.Output.WriteLine(Text(
            $"{source}: {layers} layer{(layers == 1 ? "" : "s")} of {Shape.Experts} experts and {Shape.Redundant} redundant, on {Shape.Devices} devices of {Shape.SlotsPerDevice} slots, {(Shape.IsHierarchical ? Text($"{Shape.Groups} groups kept on {Shape.Nodes} nodes") : "anywhere")}"));
    }
}
