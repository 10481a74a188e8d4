using OrleansServe.Model.NumberFormats;
using Xunit;

namespace OrleansServe.UnitTests.Model.NumberFormats;

public sealed class Float8RowsTests
{
    private const double LargestRelativeError = 1.0 / 16;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(1000)]
    public void Encode_AnyRow_IsTheNearestOfAllCodes(int width)
    {
        float[] values = [.. Float8E4M3.Table.ToArray().Where(float.IsFinite)];
        Random random = new(width);
        for (var run = 0; run < 30; run++)
        {
            var row = Draw(random, width);
            var (codes, scales) = Encode(row);
            var decoded = Decode(codes, scales);

            for (var i = 0; i < width; i++)
            {
                var scale = Math.ScaleB(1, scales[i / Float8Rows.Tile]);
                var nearest = values.Min(value => Math.Abs((value * scale) - row[i]));
                Assert.Equal(nearest, Math.Abs((double)decoded[i] - row[i]));
            }
        }
    }

    [Fact]
    public void Encode_ScaleOfATile_IsTheLeastThatHoldsItsLargest()
    {
        foreach (var (largest, scale) in new[] { (448f, 0), (449f, 1), (447f, 0), (224f, -1), (225f, 0), (1f, -8), (1.75f, -8), (1.76f, -7), (-448f, 0), (float.MaxValue, 120), (float.Epsilon, -126), (0f, -126) })
        {
            var (_, scales) = Encode([largest, 0, largest / 2]);
            Assert.True(scales[0] == scale, $"{largest}: {scales[0]}, not {scale}");
        }
    }

    [Fact]
    public void Round_WhatWasRounded_IsTheSameBitsAndWhatEncodingGives()
    {
        Random random = new(2);
        for (var run = 0; run < 300; run++)
        {
            var row = Draw(random, random.Next(1, 400));
            var rounded = new float[row.Length];
            Float8Rows.Round(row, rounded);
            var again = (float[])rounded.Clone();
            Float8Rows.Round(again, again);

            AssertSame(rounded, again);
            AssertSame(rounded, Decode(Encode(row)));
            AssertSame(rounded, Decode(Encode(rounded)));
        }
    }

    [Fact]
    public void Round_NumbersOfOneSize_StaysWithinHalfAStep()
    {
        Random random = new(3);
        float[] row = [.. Enumerable.Range(0, 4096).Select(_ => (float)((random.NextDouble() + 0.5) * (random.Next(2) == 0 ? 1 : -1)))];
        var rounded = new float[row.Length];

        Float8Rows.Round(row, rounded);

        Assert.All(row.Zip(rounded), pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / Math.Abs(pair.First), 0, LargestRelativeError));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Round_ATileThatIsNotFinite_BecomesNaNAndNoOtherTile(float bad)
    {
        float[] row = [.. Enumerable.Repeat(1f, 300)];
        row[130] = bad;
        var rounded = new float[row.Length];

        Float8Rows.Round(row, rounded);

        Assert.All(rounded[..128], value => Assert.Equal(1f, value));
        Assert.All(rounded[128..256], value => Assert.True(float.IsNaN(value)));
        Assert.All(rounded[256..], value => Assert.Equal(1f, value));
        AssertSame(rounded.Select(float.IsNaN), Decode(Encode(row)).Select(float.IsNaN));
    }

    [Fact]
    public void Decode_AnyCodesAndScales_IsTheirProduct()
    {
        byte[] codes = [.. Enumerable.Range(0, 256).Select(code => (byte)code), .. Enumerable.Range(0, 256).Select(code => (byte)code)];
        for (var scale = (int)sbyte.MinValue; scale <= sbyte.MaxValue; scale++)
        {
            var row = Decode(codes, [(sbyte)scale, (sbyte)scale, (sbyte)scale, (sbyte)scale]);
            for (var i = 0; i < codes.Length; i++)
            {
                Assert.Equal((float)(Float8E4M3.ToSingle(codes[i]) * Math.ScaleB(1, Math.Max(scale, -126))), row[i]);
            }
        }
    }

    [Fact]
    public void Encode_LengthsThatDoNotFit_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => Float8Rows.Encode(new float[129], new byte[129], new sbyte[1]));
        Assert.Throws<ArgumentException>(() => Float8Rows.Encode(new float[129], new byte[128], new sbyte[2]));
        Assert.Throws<ArgumentException>(() => Float8Rows.Decode(new byte[5], new sbyte[1], new float[4]));
        Assert.Throws<ArgumentException>(() => Float8Rows.Round(new float[5], new float[4]));
    }

    private static float[] Draw(Random random, int width)
    {
        var spread = random.Next(1, 60);
        return [.. Enumerable.Range(0, width).Select(_ => random.Next(12) == 0 ? 0 : (float)((random.NextDouble() - 0.5) * Math.ScaleB(1, random.Next(-spread, spread))))];
    }

    private static (byte[] Codes, sbyte[] Scales) Encode(float[] row)
    {
        var codes = new byte[row.Length];
        var scales = new sbyte[Float8Rows.ScalesOf(row.Length)];
        Float8Rows.Encode(row, codes, scales);
        return (codes, scales);
    }

    private static float[] Decode((byte[] Codes, sbyte[] Scales) encoded) => Decode(encoded.Codes, encoded.Scales);

    private static float[] Decode(byte[] codes, sbyte[] scales)
    {
        var row = new float[codes.Length];
        Float8Rows.Decode(codes, scales, row);
        return row;
    }

    private static void AssertSame(IEnumerable<float> expected, IEnumerable<float> actual) =>
        Assert.Equal(expected.Select(BitConverter.SingleToUInt32Bits), actual.Select(BitConverter.SingleToUInt32Bits));

    private static void AssertSame(IEnumerable<bool> expected, IEnumerable<bool> actual) => Assert.Equal(expected, actual);
}
