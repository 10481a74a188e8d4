using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>Frames as a peer of the test's own would write them.</summary>
internal static class WireBytes
{
    public static byte[] Frame(FrameType type, uint stream, uint sequence, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[FrameHeader.Size + payload.Length];
        payload.CopyTo(frame.AsSpan(FrameHeader.Size));
        FrameHeader.Write(frame, type, stream, sequence, payload, default);
        return frame;
    }

    public static byte[] Hello(string address, string cluster = "test", ushort version = OrleansServe.Transfer.Wire.Connections.Hello.CurrentVersion, ulong? expected = null, WireLane lane = WireLane.Kv)
    {
        WireBuffer payload = new();
        new Hello(version, cluster, "stranger", 7, "tcp://10.0.0.9:1/stranger/7", expected ?? WireAddress.Parse(address).Incarnation, lane).Write(payload);
        return Frame(FrameType.Hello, 0, 0, payload.Span);
    }

    public static byte[] Open(uint stream, uint sequence, StreamKind kind, Guid id, string name)
    {
        WireBuffer payload = new();
        new OpenFrame(kind, id, name, 0, Attempt: 1).Write(payload);
        return Frame(FrameType.Open, stream, sequence, payload.Span);
    }

    public static byte[] Part(uint stream, uint sequence, KvPart part, ReadOnlySpan<byte> bytes)
    {
        WireBuffer payload = new();
        payload.PutInt32(part.Layer);
        payload.PutInt32(part.Block);
        payload.PutInt32(part.Bytes);
        payload.PutInt32(part.Offset);
        payload.Put(bytes);
        return Frame(FrameType.KvBlock, stream, sequence, payload.Span);
    }

    /// <summary>A conversation of a well-behaved dialler, frame by frame: greeting, KV with commit, tokens, rows.</summary>
    public static List<byte[]> Conversation(string address)
    {
        WireBuffer tokens = new();
        TokenFrameCodec.Write(1, DataPlaneContract.Frame(0), tokens);
        WireBuffer rows = new();
        rows.PutUInt32(1);
        rows.PutInt32(0);
        rows.PutInt32(2);
        rows.PutInt32(1);
        rows.PutUInt64(0);
        rows.PutInt32(1);
        rows.PutInt32(0);
        rows.PutSingle(1);
        rows.PutSingle(2);
        return
        [
            Hello(address),
            Open(1, 1, StreamKind.Kv, Guid.NewGuid(), "decode-0"),
            Part(1, 2, new KvPart(0, 0, 200, 0), new byte[100]),
            Part(1, 3, new KvPart(0, 0, 200, 100), new byte[100]),
            Frame(FrameType.KvCommit, 1, 4, []),
            Open(2, 5, StreamKind.Tokens, Guid.NewGuid(), "stranger/decode-0"),
            Frame(FrameType.Tokens, 2, 6, tokens.Span),
            Open(3, 7, StreamKind.Experts, Guid.Empty, "expert-0"),
            Frame(FrameType.ExpertRows, 3, 8, rows.Span),
            Frame(FrameType.Ping, 0, 9, new byte[8]),
        ];
    }

    /// <summary>Damages bytes in one of several ways.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        byte[] copy = [.. bytes];
        int at = random.Next(copy.Length);
        int length = random.Next(1, 40);
        switch (random.Next(6))
        {
            case 0:
                copy[at] ^= (byte)(1 << random.Next(8));
                return copy;
            case 1:
                return copy[..at];
            case 2:
                return [.. copy[..at], .. copy[Math.Min(copy.Length, at + length)..]];
            case 3:
                byte[] noise = new byte[length];
                random.NextBytes(noise);
                return [.. copy[..at], .. noise, .. copy[at..]];
            case 4:
                return [.. copy[..at], .. copy[Math.Max(0, at - length)..]];
            default:
                random.NextBytes(copy.AsSpan(at, Math.Min(length, copy.Length - at)));
                return copy;
        }
    }
}
