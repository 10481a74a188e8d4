namespace OrleansServe.Model.NumberFormats;

/// <summary>
/// Rows in <see cref="Float8E4M3"/> with a scale for each 128 elements: what is sent to experts where that is asked for. Scales are powers of two, so that multiplying by
/// them is exact and a row that was rounded once is encoded without loss, by whom and how often whatever.
/// </summary>
/// <remarks>DeepSeek-V3 report, section 3.3: 1×128 tiles; the scales' form is that of DeepSeek-V3.1 (UE8M0).</remarks>
public static class Float8Rows
{
    /// <summary>Elements that share a scale.</summary>
    public const int Tile = 128;

    private const byte NotANumber = 0x7F;
    private const int LeastScale = -126;

    // 448 = 1.75 · 2⁸: what is larger than 1.75 times a power of two needs the next one.
    private const int LargestExponent = 8;
    private const int MantissaOfLargest = 0x600000;

    // Adding it to a magnitude below 2⁻⁶ leaves multiples of 2⁻⁹, the steps of the smallest codes; ties go to even.
    private const float SubnormalMagic = 1 << 14;
    private const float SmallestNormal = 1f / 64;
    private const int DroppedBits = 20;

    /// <summary>Scales of a row.</summary>
    /// <param name="width">elements of the row</param>
    public static int ScalesOf(int width) => (width / Tile) + (width % Tile == 0 ? 0 : 1);

    /// <summary>Encodes a row. A tile with an element that is not finite becomes all NaN.</summary>
    /// <param name="row">[width]</param>
    /// <param name="codes">[width]</param>
    /// <param name="scales">[<see cref="ScalesOf"/>] exponents of two</param>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static void Encode(ReadOnlySpan<float> row, Span<byte> codes, Span<sbyte> scales)
    {
        Check(row.Length, codes.Length, scales.Length);
        for (var first = 0; first < row.Length; first += Tile)
        {
            var tile = row.Slice(first, Math.Min(Tile, row.Length - first));
            var target = codes.Slice(first, tile.Length);
            if (!TryScale(tile, out var scale))
            {
                scales[first / Tile] = 0;
                target.Fill(NotANumber);
                continue;
            }

            scales[first / Tile] = (sbyte)scale;
            var factor = PowerOfTwo(-scale);
            for (var i = 0; i < tile.Length; i++)
            {
                target[i] = CodeOf(tile[i] * factor);
            }
        }
    }

    /// <summary>Decodes a row.</summary>
    /// <param name="codes">[width]</param>
    /// <param name="scales">[<see cref="ScalesOf"/>] exponents of two</param>
    /// <param name="row">[width]</param>
    /// <exception cref="ArgumentException">The lengths do not fit together.</exception>
    public static void Decode(ReadOnlySpan<byte> codes, ReadOnlySpan<sbyte> scales, Span<float> row)
    {
        Check(row.Length, codes.Length, scales.Length);
        for (var first = 0; first < row.Length; first += Tile)
        {
            var factor = PowerOfTwo(Math.Max((int)scales[first / Tile], LeastScale));
            var end = Math.Min(first + Tile, row.Length);
            for (var i = first; i < end; i++)
            {
                row[i] = Float8E4M3.ToSingle(codes[i]) * factor;
            }
        }
    }

    /// <summary>What a row is after being encoded and decoded.</summary>
    /// <param name="row">[width]</param>
    /// <param name="rounded">[width]; may be <paramref name="row"/></param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Round(ReadOnlySpan<float> row, Span<float> rounded)
    {
        Check(row.Length, rounded.Length, ScalesOf(row.Length));
        for (var first = 0; first < row.Length; first += Tile)
        {
            var tile = row.Slice(first, Math.Min(Tile, row.Length - first));
            var target = rounded.Slice(first, tile.Length);
            if (!TryScale(tile, out var scale))
            {
                target.Fill(float.NaN);
                continue;
            }

            var (down, up) = (PowerOfTwo(-scale), PowerOfTwo(scale));
            for (var i = 0; i < tile.Length; i++)
            {
                target[i] = RoundToCode(tile[i] * down) * up;
            }
        }
    }

    private static void Check(int row, int codes, int scales)
    {
        if (codes != row || scales != ScalesOf(row))
        {
            throw new ArgumentException($"{codes} codes and {scales} scales for a row of {row}, which has {ScalesOf(row)} scales");
        }
    }

    // The least exponent that takes the largest magnitude to at most 448.
    private static bool TryScale(ReadOnlySpan<float> tile, out int scale)
    {
        var largest = 0u;
        foreach (var value in tile)
        {
            largest = Math.Max(largest, BitConverter.SingleToUInt32Bits(value) & 0x7FFFFFFF);
        }

        var exponent = (int)(largest >> 23) - 127;
        scale = Math.Max(exponent - LargestExponent + ((largest & 0x7FFFFF) > MantissaOfLargest ? 1 : 0), LeastScale);
        return exponent <= 127;
    }

    private static float PowerOfTwo(int exponent) => BitConverter.Int32BitsToSingle((exponent + 127) << 23);

    // Of a magnitude of at most 448. Exponents and mantissas of codes are the upper bits of a single's.
    private static float RoundToCode(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        var magnitude = BitConverter.UInt32BitsToSingle(bits & 0x7FFFFFFF);
        if (magnitude < SmallestNormal)
        {
            return MathF.CopySign((magnitude + SubnormalMagic) - SubnormalMagic, value);
        }

        bits += (1u << (DroppedBits - 1)) - 1 + ((bits >> DroppedBits) & 1);
        return BitConverter.UInt32BitsToSingle(bits & ~((1u << DroppedBits) - 1));
    }

    private static byte CodeOf(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(RoundToCode(value));
        var sign = (bits >> 24) & 0x80;
        var magnitude = BitConverter.UInt32BitsToSingle(bits & 0x7FFFFFFF);
        return magnitude < SmallestNormal
            ? (byte)(sign | (uint)(magnitude * 512))
            : (byte)(sign | (((bits & 0x7FFFFFFF) >> DroppedBits) - ((127 - 7) << 3)));
    }
}
