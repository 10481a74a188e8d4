using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

public sealed class TokenCodecTests
{
    [Fact]
    public void Read_RandomFrames_AreAsWritten()
    {
        WireBuffer buffer = new();
        TokenFrame copy = new();
        for (int seed = 0; seed < 300; seed++)
        {
            TokenFrame frame = RandomFrame(new Random(seed));
            buffer.Clear();
            TokenFrameCodec.Write((ulong)seed, frame, buffer);
            TokenFrameCodec.Read(buffer.Span, copy);
            Assert.Equal((ulong)seed, TokenFrameCodec.ReadPosition(buffer.Span));
            Assert.Equal(frame.Events.ToArray(), copy.Events.ToArray());
            Assert.Equal(frame.TopTokens.ToArray(), copy.TopTokens.ToArray());
            Assert.Equal(frame.TopLogprobs.ToArray().Select(BitConverter.SingleToInt32Bits), copy.TopLogprobs.ToArray().Select(BitConverter.SingleToInt32Bits));
            foreach (TokenEvent token in frame.Events)
            {
                Assert.Equal(frame.ErrorOf(token.RequestId), copy.ErrorOf(token.RequestId));
            }
        }
    }

    [Fact]
    public void Read_SignOfLife_IsNoToken()
    {
        WireBuffer buffer = new();
        TokenFrame frame = new();
        Guid request = Guid.NewGuid();
        frame.AddSignOfLife(request);
        TokenFrameCodec.Write(1, frame, buffer);
        TokenFrame copy = new();
        TokenFrameCodec.Read(buffer.Span, copy);
        Assert.Equal((request, true), (copy.Events[0].RequestId, copy.Events[0].IsSignOfLife));

        // With an end, or one further below, it is nothing that a worker writes.
        frame.Clear();
        frame.Add(request, -1, 0, 0, [], [], TokenStreamEnd.Length);
        buffer.Clear();
        TokenFrameCodec.Write(1, frame, buffer);
        Assert.Throws<WireFormatException>(() => TokenFrameCodec.Read(buffer.Span, copy));
        frame.Clear();
        frame.Add(request, -2, 0, 0, [], [], TokenStreamEnd.None);
        buffer.Clear();
        TokenFrameCodec.Write(1, frame, buffer);
        Assert.Throws<WireFormatException>(() => TokenFrameCodec.Read(buffer.Span, copy));
    }

    [Fact]
    public void Read_DamagedOrRandomPayloads_ThrowNothingButFormatFaults()
    {
        WireBuffer buffer = new();
        TokenFrameCodec.Write(1, RandomFrame(new Random(5)), buffer);
        WireBuffer hello = new();
        new Hello(Hello.CurrentVersion, "c", "s", 1, "a", 2, WireLane.Kv).Write(hello);
        WireBuffer welcome = new();
        Welcome.Of(WirePair.Options("b", 2)).Write(welcome);
        WireBuffer open = new();
        new OpenFrame(StreamKind.Kv, Guid.NewGuid(), "decode-0", 0).Write(open);
        TokenFrame frame = new();
        int faults = 0;
        for (int seed = 0; seed < 4000; seed++)
        {
            Random random = new(seed);
            faults += Try(() => TokenFrameCodec.Read(WireBytes.Mutate(buffer.Span.ToArray(), random), frame));
            faults += Try(() => Hello.Read(WireBytes.Mutate(hello.Span.ToArray(), random)));
            faults += Try(() => Welcome.Read(FrameType.Welcome, WireBytes.Mutate(welcome.Span.ToArray(), random)));
            faults += Try(() => OpenFrame.Read(WireBytes.Mutate(open.Span.ToArray(), random)));
            byte[] noise = new byte[random.Next(100)];
            random.NextBytes(noise);
            faults += Try(() => TokenFrameCodec.Read(noise, frame));
        }

        Assert.InRange(faults, 8000, 20_000);
    }

    [Fact]
    public void Outbox_AcknowledgedAndResent_KeepsEveryFrameInBetween()
    {
        TokenOutbox outbox = new(1 << 20, 1 << 16);
        for (int i = 1; i <= 100; i++)
        {
            Assert.Null(outbox.Add(DataPlaneContract.Frame(i)));
            if (i % 7 == 0)
            {
                outbox.Acknowledge((ulong)i - 5);
            }
        }

        TokenFrame frame = new();
        for (ulong position = outbox.Acknowledged + 1; position <= outbox.Last; position++)
        {
            TokenFrameCodec.Read(outbox.Frame(position), frame);
            Assert.Equal((int)position, frame.Events[0].Index);
        }

        Assert.Throws<WireFormatException>(() => outbox.Acknowledge(101));
        outbox.Acknowledge(100);
        Assert.Equal(0, outbox.Bytes);
    }

    [Fact]
    public void Outbox_Limits_AreKept()
    {
        TokenOutbox outbox = new(1000, 200);
        Assert.Contains("200", outbox.Add(RandomFrame(new Random(5))), StringComparison.Ordinal);
        string? fault = null;
        int kept = 0;
        while ((fault = outbox.Add(DataPlaneContract.Frame(kept))) is null)
        {
            kept++;
        }

        Assert.Contains("the limit is 1000", fault, StringComparison.Ordinal);
        Assert.Equal((ulong)kept, outbox.Last);
        Assert.InRange(outbox.Bytes, 900, 1000);
        outbox.Acknowledge(1);
        Assert.Null(outbox.Add(DataPlaneContract.Frame(kept)));
    }

    [Fact]
    public void SteadyStream_EitherSide_AllocatesNothing()
    {
        TokenOutbox outbox = new(1 << 20, 1 << 16);
        TokenFrame frame = new();
        TokenFrame read = new();
        Guid request = Guid.NewGuid();
        int[] top = [1, 2, 3];
        float[] logprobs = [-1, -2, -3];
        Steps(200);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Steps(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Steps(int count)
        {
            for (int i = 0; i < count; i++)
            {
                frame.Clear();
                for (int row = 0; row < 64; row++)
                {
                    frame.Add(request, i, row, -1, top, logprobs, TokenStreamEnd.None);
                }

                outbox.Add(frame);
                TokenFrameCodec.Read(outbox.Frame(outbox.Last), read);
                if (i % 32 == 0)
                {
                    outbox.Acknowledge(outbox.Last);
                }
            }
        }
    }

    private static int Try(Action read)
    {
        try
        {
            read();
            return 0;
        }
        catch (Exception e) when (e is WireFormatException or HandshakeRefusedException)
        {
            return 1;
        }
    }

    private static TokenFrame RandomFrame(Random random)
    {
        TokenFrame frame = new();
        int count = random.Next(1, 40);
        for (int i = 0; i < count; i++)
        {
            Guid request = new(i, 1, 2, [0, 0, 0, 0, 0, 0, 0, (byte)random.Next()]);
            if (random.Next(5) == 0)
            {
                frame.AddFailure(request, random.Next(1000), "failed: " + new string('ä', random.Next(50)));
                continue;
            }

            int[] top = [.. Enumerable.Range(0, random.Next(50)).Select(_ => random.Next(100_000))];
            frame.Add(request, random.Next(1000), random.Next(100_000), -random.NextSingle(), top, [.. top.Select(token => -token / 7f)], (TokenStreamEnd)random.Next(3));
        }

        return frame;
    }
}
