using System.Globalization;
using OrleansServe.Simulation.Demand;

namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>How long prompts or answers are, in tokens.</summary>
internal sealed class LengthDistribution
{
    /// <summary>Longest length that is drawn.</summary>
    public const int Most = 1 << 22;

    private const string Forms = "N, LOW-HIGH or lognormal:MEDIAN:SIGMA";
    private const double MostSigma = 4;

    private readonly string _text;
    private readonly int _low;
    private readonly int _high;
    private readonly double _sigma;

    private LengthDistribution(string text, int low, int high, double sigma) => (_text, _low, _high, _sigma) = (text, low, high, sigma);

    /// <summary>Reads <c>128</c>, <c>64-512</c> (each as likely) or <c>lognormal:256:0.8</c> (the logarithm has this deviation).</summary>
    /// <exception cref="FormatException">The text is none of them, or a number is out of range; the message says which.</exception>
    public static LengthDistribution Parse(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length == 3 && parts[0] == "lognormal")
        {
            int median = Tokens(parts[1], text);
            return double.TryParse(parts[2], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double sigma) && sigma is > 0 and <= MostSigma
                ? new LengthDistribution(text, median, median, sigma)
                : throw new FormatException($"SIGMA must be above 0 and at most {MostSigma}, is '{parts[2]}'");
        }

        string[] ends = text.Split('-');
        if (ends.Length > 2)
        {
            throw new FormatException($"must be {Forms}, is '{text}'");
        }

        int low = Tokens(ends[0], text);
        int high = Tokens(ends[^1], text);
        return low <= high
            ? new LengthDistribution(text, low, high, 0)
            : throw new FormatException($"LOW must be at most HIGH, is '{text}'");
    }

    /// <summary>Draws a length, at least 1.</summary>
    public int Next(SeededDraws draws) => _sigma > 0
        ? (int)Math.Clamp(Math.Round(_low * Math.Exp(_sigma * draws.NextNormal())), 1, Most)
        : _low + draws.Next(_high - _low + 1);

    /// <summary>As it was given.</summary>
    public override string ToString() => _text;

    private static int Tokens(string number, string text) =>
        int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int tokens)
            ? tokens is >= 1 and <= Most
                ? tokens
                : throw new FormatException($"lengths must be from 1 to {Most} tokens, is '{text}'")
            : throw new FormatException($"must be {Forms}, is '{text}'");
}
