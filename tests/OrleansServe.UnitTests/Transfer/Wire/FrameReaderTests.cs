using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.UnitTests.Engine;
using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.UnitTests.Transfer.Wire;

public sealed class FrameReaderTests(ITestOutputHelper output)
{
    private const string Address = "tcp://127.0.0.1:1/b/2";
    private static readonly WireOptions Options = WirePair.Options("b", 2) with { MaxKvBytes = 1 << 17, ReceiveBudgetBytes = 1 << 27 };

    [Fact]
    public async Task Read_Conversation_GivesEveryFrame()
    {
        List<byte[]> frames = WireBytes.Conversation(Address)[1..];
        Renumber(frames);
        (List<byte[]> read, string? fault) = await ReadAllAsync([.. frames.SelectMany(frame => frame)]);
        Assert.Null(fault);
        Assert.Equal(frames.Count, read.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32 * 1024)]
    [InlineData((32 * 1024) + 1)]
    [InlineData((1 << 17) + 64)]
    public async Task Read_PayloadOfAnySize_ArrivesUnchanged(int length)
    {
        byte[] payload = new byte[length];
        new Random(length).NextBytes(payload);
        (List<byte[]> read, string? fault) = await ReadAllAsync([.. WireBytes.Frame(FrameType.KvBlock, 1, 0, payload), .. WireBytes.Frame(FrameType.Ping, 0, 1, [1])]);
        Assert.Null(fault);
        Assert.Equal(payload, read[0]);
        Assert.Equal([1], read[1]);
    }

    [Theory]
    [InlineData((byte)FrameType.KvBlock, (1 << 17) + 65)]
    [InlineData((byte)FrameType.KvCommit, 1)]
    [InlineData((byte)FrameType.Ping, 9)]
    public async Task Read_LongerThanItsLimit_IsRefusedBeforeAnythingIsReserved(byte type, int length)
    {
        byte[] header = WireBytes.Frame((FrameType)type, 1, 0, new byte[length])[..FrameHeader.Size];
        ReceiveBudget budget = new(10);
        using FrameReader reader = new(new MemoryStream(header), FrameLimits.OfDialler(Options), budget, new WireStatistics());
        WireFormatException fault = await Assert.ThrowsAsync<WireFormatException>(async () => await reader.ReadAsync(default));
        Assert.Contains($"a payload of {length} bytes is longer than", fault.Message, StringComparison.Ordinal);
        Assert.Equal(10, budget.Free);
    }

    [Fact]
    public async Task Read_Strangers_MaySayNothingButHello()
    {
        using FrameReader reader = new(new MemoryStream(WireBytes.Frame(FrameType.Ping, 0, 0, [])), FrameLimits.Stranger, new ReceiveBudget(10), new WireStatistics());
        await Assert.ThrowsAsync<WireFormatException>(async () => await reader.ReadAsync(default));
    }

    [Fact]
    public async Task Read_RandomBytes_FailsOrEndsAndReservesNothing()
    {
        int all = 0;
        foreach (int seed in Fuzzing.Seeds(2000))
        {
            Random random = new(seed);
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            if (bytes.Length > 8 && seed % 2 == 0)
            {
                // A length and a type that could be.
                bytes.AsSpan(1, 3).Clear();
                bytes[4] = (byte)FrameType.Tokens;
                bytes.AsSpan(5, 3).Clear();
            }

            (List<byte[]> read, string? fault) = await ReadAllAsync(bytes);
            Assert.Empty(read);
            Assert.True(fault is not null || bytes.Length == 0);
            all++;
        }

        output.WriteLine($"{all} inputs");
    }

    [Fact]
    public async Task Read_DamagedConversation_GivesAPrefixOfWhatWasSentAndNothingElse()
    {
        List<byte[]> frames = WireBytes.Conversation(Address)[1..];
        Renumber(frames);
        byte[][] payloads = [.. frames.Select(frame => frame[FrameHeader.Size..])];
        byte[] whole = [.. frames.SelectMany(frame => frame)];
        (int faults, int all) = (0, 0);
        foreach (int seed in Fuzzing.Seeds(3000))
        {
            (List<byte[]> read, string? fault) = await ReadAllAsync(WireBytes.Mutate(whole, new Random(seed)));
            Assert.InRange(read.Count, 0, payloads.Length);
            for (int i = 0; i < read.Count; i++)
            {
                Assert.Equal(payloads[i], read[i]);
            }

            faults += fault is null ? 0 : 1;
            all++;
        }

        output.WriteLine($"{all} conversations");
        Assert.InRange(faults, all / 6 * 5, all);
    }

    private static void Renumber(List<byte[]> frames)
    {
        for (int i = 0; i < frames.Count; i++)
        {
            frames[i] = WireBytes.Frame((FrameType)frames[i][4], BitConverter.ToUInt32(frames[i], 8), (uint)i, frames[i].AsSpan(FrameHeader.Size));
        }
    }

    private static async Task<(List<byte[]> Payloads, string? Fault)> ReadAllAsync(byte[] bytes)
    {
        ReceiveBudget budget = new(1 << 27);
        List<byte[]> payloads = [];
        string? fault = null;
        using (FrameReader reader = new(new MemoryStream(bytes), FrameLimits.OfDialler(Options), budget, new WireStatistics()))
        {
            try
            {
                while (await reader.ReadAsync(default) is not null)
                {
                    payloads.Add(reader.Payload.ToArray());
                    reader.Release();
                }
            }
            catch (WireFormatException e)
            {
                fault = e.Message;
            }
        }

        Assert.Equal(1 << 27, budget.Free);
        return (payloads, fault);
    }
}
