using OrleansServe.Kernels.Copying;
using Xunit;

namespace OrleansServe.UnitTests.Kernels;

public sealed class StreamingCopyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16383)]
    [InlineData(16384)]
    [InlineData(16385)]
    [InlineData(73728)]
    [InlineData(262144)]
    public void Execute_AnyAlignment_CopiesAllAndNothingBeside(int length)
    {
        byte[] source = new byte[length + 70];
        new Random(length).NextBytes(source);
        for (int shift = 0; shift < 70; shift += shift < 4 ? 1 : 11)
        {
            byte[] expected = new byte[length + 200];
            Array.Fill(expected, (byte)0xA5);
            byte[] actual = [.. expected];
            StreamingCopy.ExecuteScalar(source.AsSpan(69 - shift, length), expected.AsSpan(shift));
            StreamingCopy.Execute(source.AsSpan(69 - shift, length), actual.AsSpan(shift));
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"{length} bytes at {shift} differ");
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(20000)]
    public void Execute_DestinationTooShort_Throws(int length) =>
        Assert.Throws<ArgumentException>(() => StreamingCopy.Execute(new byte[length], new byte[length - 1]));
}
