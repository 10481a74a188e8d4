namespace OrleansServe.Model.Checkpoints;

/// <summary>Formats of experts' rows as text.</summary>
public static class ExpertRowFormats
{
    /// <summary>Stands for <see cref="ExpertRowFormat.Exact"/>.</summary>
    public const string Exact = "fp32";

    /// <summary>Stands for <see cref="ExpertRowFormat.Float8"/>.</summary>
    public const string Float8 = "fp8";

    /// <summary>One line for help.</summary>
    public static string Help => "Numbers in which rows go to routed experts: fp32, or fp8 (e4m3 there, bf16 back: fewer bytes, another model) (default fp32)";

    /// <summary>Reads a format.</summary>
    /// <exception cref="FormatException">The text names none.</exception>
    public static ExpertRowFormat Parse(string text) => text switch
    {
        Exact => ExpertRowFormat.Exact,
        Float8 => ExpertRowFormat.Float8,
        _ => throw new FormatException($"must be {Exact} or {Float8}, not '{text}'"),
    };
}
