using System.Text.Json;

using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Client;

namespace OrleansServe.Cli.Bench.Serving.Files;

/// <summary>
/// Reads a trace of requests in the form that the Mooncake project published: an object a line, with <c>timestamp</c> in milliseconds, <c>input_length</c> and
/// <c>output_length</c> in tokens, and <c>hash_ids</c>, one id for each 512 tokens of the prompt; equal ids stand for equal tokens behind equal tokens.
/// </summary>
internal static class TraceFile
{
    /// <summary>Most requests of a trace.</summary>
    public const int MostEntries = 1_000_000;

    private const long MostMilliseconds = 10L * 366 * 24 * 3600 * 1000;

    // Every integer up to here is exact in any JSON reader.
    private const long MostHashId = (1L << 53) - 1;

    /// <summary>Reads the first requests of a trace.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">How many; null for all.</param>
    /// <exception cref="CommandFailedException">A line is wrong, or there are none, too few or too many; the message names file, line, field and value.</exception>
    public static IReadOnlyList<TraceEntry> Read(string path, int? most)
    {
        List<TraceEntry> entries = [];
        long before = 0;
        foreach (FileLine line in LineReader.Read(path).TakeWhile(_ => entries.Count != most))
        {
            if (entries.Count == MostEntries)
            {
                throw line.Fault($"a trace has at most {MostEntries} requests");
            }

            TraceEntry entry = Parse(line);
            if (entry.Milliseconds < before)
            {
                throw line.Fault($"timestamp must not be below the {before} of the line before it, is {entry.Milliseconds}");
            }

            before = entry.Milliseconds;
            entries.Add(entry);
        }

        return entries.Count switch
        {
            0 => throw new CommandFailedException($"{path}: holds no request"),
            int count when count < most => throw new CommandFailedException($"{path}: holds {count} requests, fewer than the {most} asked for"),
            _ => entries,
        };
    }

    private static TraceEntry Parse(FileLine line)
    {
        using JsonDocument document = line.Json();
        JsonElement entry = document.RootElement;
        long timestamp = line.Integer(entry, "timestamp", 0, MostMilliseconds);
        int input = (int)line.Integer(entry, "input_length", 1, LengthDistribution.Most);
        int output = (int)line.Integer(entry, "output_length", 1, LengthDistribution.Most);
        if (!entry.TryGetProperty("hash_ids", out JsonElement ids) || ids.ValueKind != JsonValueKind.Array)
        {
            throw line.Fault(ids.ValueKind == JsonValueKind.Undefined ? "hash_ids is missing" : $"hash_ids must be an array, is {FileLine.Show(ids)}");
        }

        int blocks = (input + TraceEntry.BlockTokens - 1) / TraceEntry.BlockTokens;
        if (ids.GetArrayLength() != blocks)
        {
            throw line.Fault($"hash_ids must have {blocks} ids, one for each {TraceEntry.BlockTokens} of {input} tokens, has {ids.GetArrayLength()}");
        }

        long[] hashes = new long[blocks];
        int at = 0;
        foreach (JsonElement id in ids.EnumerateArray())
        {
            hashes[at] = line.Checked(id, $"hash_ids[{at}]", 0, MostHashId);
            at++;
        }

        return new TraceEntry(timestamp, input, output, hashes);
    }
}
