namespace OrleansServe.Kernels.Panels;

/// <summary>Symmetric signed bytes: a row's largest magnitude becomes 127, everything else the nearest multiple of a 127th of it, ties to even.</summary>
public static class Int8Quantizer
{
    private const int Largest = 127;

    /// <summary>Quantises one row.</summary>
    /// <param name="row">[n]</param>
    /// <param name="quantized">[n] whole multiples of the scale</param>
    /// <returns>The scale; NaN for a row with a number that is not finite, so that such weights never pass for others.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static float Row(ReadOnlySpan<float> row, Span<sbyte> quantized)
    {
        if (row.Length != quantized.Length)
        {
            throw new ArgumentException($"{row.Length} weights for {quantized.Length} places");
        }

        var max = 0f;
        var finite = true;
        foreach (var weight in row)
        {
            finite &= float.IsFinite(weight);
            max = MathF.Max(max, MathF.Abs(weight));
        }

        if (!finite)
        {
            quantized.Clear();
            return float.NaN;
        }

        // A row of numbers so small that the scale rounds to zero is a row of zeros.
        var scale = max / Largest;
        if (scale == 0)
        {
            quantized.Clear();
            return 0;
        }

        for (var i = 0; i < row.Length; i++)
        {
            // A subnormal scale can be up to half a step off its quotient, which the bound makes good.
            quantized[i] = (sbyte)Math.Clamp(MathF.Round(row[i] / scale, MidpointRounding.ToEven), -Largest, Largest);
        }

        return scale;
    }
}
