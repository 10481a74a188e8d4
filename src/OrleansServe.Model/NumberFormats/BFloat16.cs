namespace OrleansServe.Model.NumberFormats;

/// <summary>The upper half of a single: eight exponent bits, seven of the mantissa.</summary>
public static class BFloat16
{
    private const uint Magnitude = 0x7FFFFFFF;
    private const uint Infinity = 0x7F800000;
    private const ushort QuietBit = 0x40;

    /// <summary>The nearest code, ties to even; a NaN stays one.</summary>
    /// <param name="value">Any number.</param>
    public static ushort FromSingle(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & Magnitude) > Infinity
            ? (ushort)((bits >> 16) | QuietBit)
            : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The value of a code; exact.</summary>
    /// <param name="code">Any code.</param>
    public static float ToSingle(ushort code) => BitConverter.UInt32BitsToSingle((uint)code << 16);

    /// <summary>Rounds numbers to the nearest that have a code.</summary>
    /// <param name="values">[n], changed in place</param>
    public static void Round(Span<float> values)
    {
        foreach (ref var value in values)
        {
            value = ToSingle(FromSingle(value));
        }
    }
}
