namespace OrleansServe.Model.Checkpoints;

/// <summary>Weight formats as text.</summary>
public static class WeightFormats
{
    /// <summary>Stands for <see cref="WeightFormat.Native"/>.</summary>
    public const string Native = "native";

    /// <summary>Stands for <see cref="WeightFormat.Int8"/>.</summary>
    public const string Int8 = "int8";

    // What nearly every checkpoint has anyway.
    private const string BFloat16 = "bf16";

    /// <summary>One line for help.</summary>
    public static string Help => "Numbers that matrices are kept in: native (as the checkpoint has them; bf16 means the same) or int8 (half the bytes, another model) (default native)";

    /// <summary>Reads a format.</summary>
    /// <exception cref="FormatException">The text names none.</exception>
    public static WeightFormat Parse(string text) => text switch
    {
        Native or BFloat16 => WeightFormat.Native,
        Int8 => WeightFormat.Int8,
        _ => throw new FormatException($"must be {Native}, {BFloat16} or {Int8}, not '{text}'"),
    };

    /// <summary>What the numbers of most of a model's weights are called.</summary>
    /// <param name="format">how they are kept</param>
    /// <param name="checkpoint">where they come from</param>
    public static string NameOf(WeightFormat format, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return format == WeightFormat.Int8
            ? Int8
            : checkpoint.Tensors.Values.GroupBy(t => t.TypeName, StringComparer.Ordinal).OrderByDescending(g => g.Sum(t => t.Length)).ThenBy(g => g.Key, StringComparer.Ordinal).First().Key.ToLowerInvariant();
    }
}
