using System.Text;
using OrleansServe.Transfer.Wire.Framing;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

public sealed class Crc32CTests
{
    [Fact]
    public void Compute_PublishedCheckValue_Matches()
    {
        byte[] digits = Encoding.ASCII.GetBytes("123456789");
        Assert.Equal(0xE3069283u, Crc32C.Compute(digits));
        Assert.Equal(0xE3069283u, Crc32C.AppendScalar(0, digits));
    }

    // RFC 3720, appendix B.4.
    [Fact]
    public void Compute_PublishedVectors_Match()
    {
        byte[] ascending = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute([.. Enumerable.Repeat((byte)0xFF, 32)]));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute(ascending));
        Assert.Equal(0x113FDB5Cu, Crc32C.Compute([.. ascending.Reverse()]));
    }

    [Fact]
    public void Append_EveryLengthAndSplit_EqualsTheTable()
    {
        Random random = new(1);
        byte[] data = new byte[50_000];
        random.NextBytes(data);
        foreach (int length in Enumerable.Range(0, 70).Concat([255, 256, 257, 511, 512, 513, 767, 768, 769, 1024, 1100, 2047, 2048, 6143, 6144, 6145, 12_288, 20_001, 49_999]))
        {
            int start = random.Next(data.Length - length);
            ReadOnlySpan<byte> part = data.AsSpan(start, length);
            uint whole = Crc32C.AppendScalar(0, part);
            Assert.Equal(whole, Crc32C.Compute(part));
            int cut = random.Next(length + 1);
            Assert.Equal(whole, Crc32C.Append(Crc32C.Compute(part[..cut]), part[cut..]));
            Assert.Equal(whole, Crc32C.AppendByLanes(Crc32C.AppendByLanes(0, part[..cut]), part[cut..]));
        }
    }
}
