using System.Globalization;

namespace OrleansServe.Cli.Bench;

/// <summary>What is measured, each list ascending.</summary>
/// <param name="Batches">Sequences that decode together.</param>
/// <param name="Contexts">Positions of each.</param>
/// <param name="Prompts">Lengths of prompts.</param>
internal sealed record BenchSizes(int[] Batches, int[] Contexts, int[] Prompts)
{
    private const int MostSizes = 16;

    /// <summary>What is measured unless something else is asked for.</summary>
    public static BenchSizes Default { get; } = new([1, 4, 16, 64], [128, 1024, 4096], [128, 512, 2048]);

    /// <summary>The same as far as a model goes; what is beyond becomes the most it takes.</summary>
    public BenchSizes Within(int longest) => new(Batches, Clip(Contexts, longest), Clip(Prompts, longest));

    /// <summary>Reads a list such as <c>1,16</c>; <c>none</c> is empty.</summary>
    /// <exception cref="FormatException">The text is no list of numbers in the range, or too long a one.</exception>
    public static int[] Parse(string text, int most)
    {
        if (text == "none")
        {
            return [];
        }

        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length > MostSizes)
        {
            throw new FormatException($"takes at most {MostSizes} numbers, not {parts.Length}");
        }

        return [.. parts.Select(Number).Distinct().Order()];

        int Number(string part) =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1 && value <= most
                ? value
                : throw new FormatException($"takes numbers from 1 to {most} with commas between, or none, not '{text}'");
    }

    private static int[] Clip(int[] sizes, int most) => [.. sizes.Select(size => Math.Min(size, most)).Distinct()];
}
