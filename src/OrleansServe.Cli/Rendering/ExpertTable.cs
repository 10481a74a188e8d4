using System.Globalization;

using OrleansServe.Protocol.V1;

using Spectre.Console;

namespace OrleansServe.Cli.Rendering;

/// <summary>Draws where experts are: a line for each layer, a column for each shard, the darker the more of the layer's rows it has computed.</summary>
internal static class ExpertTable
{
    // From nothing to all that the busiest shard of the layer has.
    private const string Shades = " ░▒▓█";
    private const int MostColumns = 16;

    /// <summary>Writes the plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="withExperts">Also each expert's rows.</param>
    /// <param name="terminal">Where to.</param>
    public static void Write(ExpertPlan plan, bool withExperts, Terminal terminal)
    {
        terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"epoch {plan.Epoch}, {plan.Shards.Count} shards{(plan.State.Length > 0 ? $". {TerminalText.OneLine(plan.State)}" : "")}"));
        for (int first = 0; first < plan.Shards.Count; first += MostColumns)
        {
            WriteShards(plan, first, Math.Min(first + MostColumns, plan.Shards.Count), terminal);
        }

        if (withExperts)
        {
            foreach (ExpertLayer layer in plan.Layers)
            {
                WriteExperts(plan, layer, terminal);
            }
        }
    }

    private static void WriteShards(ExpertPlan plan, int first, int end, Terminal terminal)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn(new TableColumn("layer").RightAligned());
        table.AddColumn(new TableColumn("balance").RightAligned());
        for (int shard = first; shard < end; shard++)
        {
            table.AddColumn(new TableColumn(Markup.Escape(TerminalText.OneLine(plan.Shards[shard]))).RightAligned());
        }

        foreach (ExpertLayer layer in plan.Layers)
        {
            long[] rows = [.. layer.Shards.Select(holding => holding.Rows.Sum())];
            List<string> cells = [Number(layer.Layer), layer.Balancedness.ToString("0.000", CultureInfo.InvariantCulture)];
            for (int shard = first; shard < end; shard++)
            {
                cells.Add($"{layer.Shards[shard].Experts.Count} experts {Number(rows[shard])} rows {ShadeOf(rows[shard], rows.Max())}");
            }

            table.AddRow([.. cells.Select(Markup.Escape)]);
        }

        terminal.CreateConsole().Write(table);
    }

    private static void WriteExperts(ExpertPlan plan, ExpertLayer layer, Terminal terminal)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumn(new TableColumn("expert").RightAligned());
        table.AddColumn(new TableColumn("rows").RightAligned());
        table.AddColumn("shards (share of its rows)");
        var replicas = layer.Shards.SelectMany((holding, shard) => holding.Experts.Select((expert, i) => (Expert: expert, Rows: holding.Rows[i], Shard: plan.Shards[shard], Share: holding.Shares[i])))
            .GroupBy(replica => replica.Expert)
            .OrderByDescending(expert => expert.Sum(replica => replica.Rows))
            .ThenBy(expert => expert.Key);
        foreach (var expert in replicas)
        {
            string where = string.Join(", ", expert.Select(replica => string.Create(CultureInfo.InvariantCulture, $"{TerminalText.OneLine(replica.Shard)} ({replica.Share:0.##})")));
            table.AddRow(Number(expert.Key), Number(expert.Sum(replica => replica.Rows)), Markup.Escape(where));
        }

        terminal.CreateConsole().Write(table);
    }

    private static char ShadeOf(long rows, long most) => Shades[most == 0 ? 0 : (int)Math.Ceiling((double)rows / most * (Shades.Length - 1))];

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
