using OrleansServe.Model.NumberFormats;
using Xunit;

namespace OrleansServe.UnitTests.Model.NumberFormats;

public sealed class BFloat16Tests
{
    [Fact]
    public void FromSingle_EveryCode_ComesBack()
    {
        for (var code = 0; code <= ushort.MaxValue; code++)
        {
            var value = BFloat16.ToSingle((ushort)code);
            if (float.IsNaN(value))
            {
                Assert.True(float.IsNaN(BFloat16.ToSingle(BFloat16.FromSingle(value))));
            }
            else
            {
                Assert.Equal(code, BFloat16.FromSingle(value));
            }
        }
    }

    [Theory]
    [InlineData(0x3F808000u, 0x3F80)]
    [InlineData(0x3F808001u, 0x3F81)]
    [InlineData(0x3F818000u, 0x3F82)]
    [InlineData(0x3F817FFFu, 0x3F81)]
    [InlineData(0xBF808001u, 0xBF81)]
    [InlineData(0x7F7FFFFFu, 0x7F80)]
    [InlineData(0x7F800001u, 0x7FC0)]
    [InlineData(0x00008001u, 0x0001)]
    public void FromSingle_BetweenTwoCodes_IsTheNearestAndTheEvenOneOfTwo(uint bits, ushort code) =>
        Assert.Equal(code, BFloat16.FromSingle(BitConverter.UInt32BitsToSingle(bits)));
}
