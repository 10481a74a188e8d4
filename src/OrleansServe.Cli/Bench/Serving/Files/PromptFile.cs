using System.Text.Json;

using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Cli.Client;

namespace OrleansServe.Cli.Bench.Serving.Files;

/// <summary>
/// Reads prompts: a file whose name ends in .jsonl (or .jsonl.gz) has an object a line, with <c>prompt</c> and perhaps <c>output_tokens</c>; any other has a prompt a line.
/// </summary>
internal static class PromptFile
{
    /// <summary>Most prompts of a file.</summary>
    public const int MostPrompts = 1_000_000;

    /// <summary>Reads all of them.</summary>
    /// <exception cref="CommandFailedException">A line is wrong, or there are none or too many; the message names file, line, field and value.</exception>
    public static IReadOnlyList<FilePrompt> Read(string path)
    {
        bool json = path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".jsonl.gz", StringComparison.OrdinalIgnoreCase);
        List<FilePrompt> prompts = [];
        foreach (FileLine line in LineReader.Read(path))
        {
            if (prompts.Count == MostPrompts)
            {
                throw line.Fault($"a file has at most {MostPrompts} prompts");
            }

            prompts.Add(json ? Parse(line) : new FilePrompt(line.Text(), null));
        }

        return prompts.Count > 0 ? prompts : throw new CommandFailedException($"{path}: holds no prompt");
    }

    private static FilePrompt Parse(FileLine line)
    {
        using JsonDocument document = line.Json();
        JsonElement entry = document.RootElement;
        if (!entry.TryGetProperty("prompt", out JsonElement prompt))
        {
            throw line.Fault("prompt is missing");
        }

        string? text = null;
        try
        {
            text = prompt.ValueKind == JsonValueKind.String ? prompt.GetString() : null;
        }
        catch (InvalidOperationException exception)
        {
            // Half of a surrogate pair, written as an escape.
            throw line.Fault("prompt is no valid text", exception);
        }

        if (string.IsNullOrEmpty(text))
        {
            throw line.Fault($"prompt must be a text that is not empty, is {FileLine.Show(prompt)}");
        }

        return new FilePrompt(
            text,
            entry.TryGetProperty("output_tokens", out JsonElement tokens) ? (int)line.Checked(tokens, "output_tokens", 1, LengthDistribution.Most) : null);
    }
}
