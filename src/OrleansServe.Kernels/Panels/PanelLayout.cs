namespace OrleansServe.Kernels.Panels;

/// <summary>
/// A matrix in panels: four outputs stand together, 32 columns at a time, so that a product reads its weights as one ascending stream
/// (the rows of a checkpoint would be four streams that begin anew with every output).
/// [outputs / 4, columns / 32, 4, 32], each group of 32 in the order of its number format.
/// </summary>
public static class PanelLayout
{
    /// <summary>Outputs of a panel.</summary>
    public const int Outputs = 4;

    /// <summary>Columns of a group.</summary>
    public const int Columns = 32;

    /// <summary>Whether a matrix divides into whole panels.</summary>
    /// <param name="outputs">rows of the matrix</param>
    /// <param name="columns">length of a row</param>
    public static bool Fits(int outputs, int columns) => outputs > 0 && columns > 0 && outputs % Outputs == 0 && columns % Columns == 0;

    /// <summary>Orders bf16 rows into panels.</summary>
    /// <param name="rows">[outputs, columns] encodings</param>
    /// <param name="columns">length of a row</param>
    /// <param name="panels">as long as <paramref name="rows"/></param>
    /// <exception cref="ArgumentException">The lengths differ or do not divide into panels.</exception>
    public static void Pack(ReadOnlySpan<ushort> rows, int columns, Span<ushort> panels) => Pack<BFloat16Panels, ushort>(rows, columns, panels);

    /// <summary>Orders fp32 rows into panels.</summary>
    /// <param name="rows">[outputs, columns]</param>
    /// <param name="columns">length of a row</param>
    /// <param name="panels">as long as <paramref name="rows"/></param>
    /// <exception cref="ArgumentException">The lengths differ or do not divide into panels.</exception>
    public static void Pack(ReadOnlySpan<float> rows, int columns, Span<float> panels) => Pack<SinglePanels, float>(rows, columns, panels);

    /// <summary>Orders signed bytes into panels.</summary>
    /// <param name="rows">[outputs, columns]</param>
    /// <param name="columns">length of a row</param>
    /// <param name="panels">as long as <paramref name="rows"/></param>
    /// <exception cref="ArgumentException">The lengths differ or do not divide into panels.</exception>
    public static void Pack(ReadOnlySpan<sbyte> rows, int columns, Span<sbyte> panels) => Pack<Int8Panels, sbyte>(rows, columns, panels);

    private static void Pack<TFormat, TElement>(ReadOnlySpan<TElement> rows, int columns, Span<TElement> panels)
        where TFormat : struct, IPanelFormat<TElement>
        where TElement : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (rows.Length != panels.Length || columns % Columns != 0 || rows.Length % ((long)columns * Outputs) != 0)
        {
            throw new ArgumentException($"{rows.Length} weights in rows of {columns} do not divide into {panels.Length} of panels");
        }

        Span<int> order = stackalloc int[Columns];
        for (var i = 0; i < Columns; i++)
        {
            order[i] = TFormat.IndexOf(i);
        }

        for (var output = 0; output < rows.Length / columns; output++)
        {
            var row = rows.Slice(output * columns, columns);
            var place = output % Outputs;
            var target = panels[(((output - place) * columns) + (place * Columns))..];
            for (var column = 0; column < columns; column += Columns)
            {
                for (var i = 0; i < Columns; i++)
                {
                    target[(column * Outputs) + order[i]] = row[column + i];
                }
            }
        }
    }
}
