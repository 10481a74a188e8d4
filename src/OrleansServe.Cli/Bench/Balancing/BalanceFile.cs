using System.Text.Json;

using OrleansServe.Cli.Client;
using OrleansServe.Policies.Balancing.Experts;

namespace OrleansServe.Cli.Bench.Balancing;

/// <summary>Reads what <c>bench balance</c> is given: JSON that is an array of rows, or an object with one under a known name.</summary>
internal static class BalanceFile
{
    private const long MostBytes = 256 << 20;

    /// <summary>Loads: [layers][experts] of token counts, bare or as <c>loads</c>; one row alone is one layer.</summary>
    /// <exception cref="CommandFailedException">The file cannot be read or holds something else; the message names it, the row, the column and the value.</exception>
    public static double[][] ReadLoads(string path)
    {
        using JsonDocument document = Open(path);
        JsonElement rows = Rows(path, document.RootElement, "loads");
        if (rows.GetArrayLength() > 0 && rows[0].ValueKind == JsonValueKind.Number)
        {
            return [ReadLayer(path, rows, 0)];
        }

        CheckLayers(path, rows);
        double[][] loads = [.. rows.EnumerateArray().Select((row, layer) => ReadLayer(path, row, layer))];
        for (int layer = 1; layer < loads.Length; layer++)
        {
            if (loads[layer].Length != loads[0].Length)
            {
                throw new CommandFailedException($"{path}: layer {layer} has {loads[layer].Length} experts, layer 0 has {loads[0].Length}");
            }
        }

        return loads;
    }

    /// <summary>An earlier plan: [layers][slots] of experts, bare or as <c>plan</c>, as <c>bench balance --json</c> writes it.</summary>
    /// <exception cref="CommandFailedException">The file cannot be read or holds something else; the message names it, the row, the column and the value.</exception>
    public static int[][] ReadPlan(string path)
    {
        using JsonDocument document = Open(path);
        JsonElement rows = Rows(path, document.RootElement, "plan");
        CheckLayers(path, rows);
        return [.. rows.EnumerateArray().Select((row, layer) => Numbers(path, row, layer, "slot", ExpertClusterShape.MostSlots)
            .Select((value, slot) => value.TryGetInt32(out int expert) && expert >= 0
                ? expert
                : throw Fault(path, layer, $"slot {slot} must be an expert's number", value)).ToArray())];
    }

    private static double[] ReadLayer(string path, JsonElement row, int layer) => [.. Numbers(path, row, layer, "expert", ExpertClusterShape.MostExperts)
        .Select((value, expert) => value.TryGetDouble(out double load) && load >= 0 && load <= ExpertBalancer.MostLoad
            ? load
            : throw Fault(path, layer, $"expert {expert} must be between 0 and {ExpertBalancer.MostLoad}", value))];

    private static List<JsonElement> Numbers(string path, JsonElement row, int layer, string column, int most)
    {
        if (row.ValueKind != JsonValueKind.Array)
        {
            throw Fault(path, layer, "must be an array of numbers", row);
        }

        if (row.GetArrayLength() == 0 || row.GetArrayLength() > most)
        {
            throw new CommandFailedException($"{path}: layer {layer} must have between 1 and {most} {column}s, has {row.GetArrayLength()}");
        }

        List<JsonElement> values = [.. row.EnumerateArray()];
        int wrong = values.FindIndex(value => value.ValueKind != JsonValueKind.Number);
        return wrong < 0 ? values : throw Fault(path, layer, $"{column} {wrong} must be a number", values[wrong]);
    }

    private static JsonElement Rows(string path, JsonElement root, string name)
    {
        JsonElement rows = root;
        if (root.ValueKind == JsonValueKind.Object && !root.TryGetProperty(name, out rows))
        {
            throw new CommandFailedException($"{path}: {name} is missing: an object holds the rows under that name");
        }

        return rows.ValueKind == JsonValueKind.Array && rows.GetArrayLength() > 0
            ? rows
            : throw new CommandFailedException($"{path}: {name} must be an array of rows that is not empty, is {Show(rows)}");
    }

    private static void CheckLayers(string path, JsonElement rows)
    {
        if (rows.GetArrayLength() > ExpertBalancer.MostLayers)
        {
            throw new CommandFailedException($"{path}: at most {ExpertBalancer.MostLayers} layers, has {rows.GetArrayLength()}");
        }
    }

    private static JsonDocument Open(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return stream.Length <= MostBytes
                ? JsonDocument.Parse(stream)
                : throw new CommandFailedException($"{path}: at most {MostBytes} bytes, has {stream.Length}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CommandFailedException($"{path}: {exception.Message}", exception);
        }
        catch (JsonException exception)
        {
            throw new CommandFailedException($"{path}: no JSON: {exception.Message}", exception);
        }
    }

    private static CommandFailedException Fault(string path, int layer, string rule, JsonElement value) => new($"{path}: layer {layer}, {rule}, is {Show(value)}");

    private static string Show(JsonElement value)
    {
        const int Shown = 40;
        string text = value.GetRawText();
        return text.Length > Shown ? $"{text[..Shown]}…" : text;
    }
}
