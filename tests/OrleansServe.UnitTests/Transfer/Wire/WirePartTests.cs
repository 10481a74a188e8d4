using System.Net;
using System.Net.Sockets;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>Payloads that travel in parts: each is handed on once its checksum has held, and never beyond the payload that it belongs to.</summary>
public sealed class WirePartTests
{
    [Fact]
    public async Task Push_PayloadsOfAnySize_ArriveUnchangedInPartsOfTheirLimit()
    {
        await using WirePair pair = Pair();
        PartLog log = new();
        pair.B.RegisterKv("decode-0", log);
        await using IKvPush push = pair.A.OpenKvPush(pair.B.Address, "decode-0", Guid.NewGuid());
        int block = 0;
        foreach (int length in new[] { 1, 32 << 10, (32 << 10) + 1, KvPart.MaxBytes, KvPart.MaxBytes + 1, 64, 1 << 20, (3 << 20) + 5 })
        {
            byte[] payload = Payload(length);
            await push.PushAsync(1, block, payload, default);
            for (int offset = 0; offset < length; offset += KvPart.MaxBytes)
            {
                int part = Math.Min(KvPart.MaxBytes, length - offset);
                (string what, byte[] arrived) = await log.NextAsync();
                Assert.Equal($"part {new KvPart(1, block, length, offset)} of {part}", what);
                Assert.True(payload.AsSpan(offset, part).SequenceEqual(arrived), $"{part} of {length} bytes arrived changed");
            }

            block++;
        }

        await push.CommitAsync(default);
        Assert.Equal("commit", (await log.NextAsync()).What);
        Assert.Empty(pair.Log.Faults);
    }

    [Fact]
    public async Task Push_RefusedWithinAPayload_TheConnectionGoesOn()
    {
        await using WirePair pair = Pair(options => options with { KvConnections = 1 });
        PartLog log = new() { RefusedPart = 1 };
        PartLog other = new();
        pair.B.RegisterKv("decode-0", log);
        pair.B.RegisterKv("decode-1", other);
        await using IKvPush refused = pair.A.OpenKvPush(pair.B.Address, "decode-0", Guid.NewGuid());
        KvTransferException refusal = await Assert.ThrowsAsync<KvTransferException>(async () =>
        {
            await refused.PushAsync(0, 7, Payload(2 << 20), default);
            await refused.CommitAsync(default);
        });
        Assert.Contains("no room for block 7", refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith("part ", (await log.NextAsync()).What, StringComparison.Ordinal);
        Assert.Equal("abort no room for block 7.", (await log.NextAsync()).What);
        Assert.Equal(2, log.Parts);
        await using IKvPush push = pair.A.OpenKvPush(pair.B.Address, "decode-1", Guid.NewGuid());
        await push.PushAsync(0, 0, Payload(KvPart.MaxBytes), default);
        await push.CommitAsync(default);
        Assert.StartsWith("part ", (await other.NextAsync()).What, StringComparison.Ordinal);
        Assert.Equal("commit", (await other.NextAsync()).What);
        Assert.Equal((0, 0), (pair.B.Counters.ProtocolErrors, pair.B.Counters.PeersLost));
    }

    [Fact]
    public async Task Push_CancelledBetweenTwoParts_EndsTheTransferOnBothSides()
    {
        await using WirePair pair = Pair(options => options with { KvWindowBytes = KvPart.MaxBytes });
        using SemaphoreSlim gate = new(0);
        PartLog log = new() { Gate = gate };
        pair.B.RegisterKv("decode-0", log);
        await using IKvPush push = pair.A.OpenKvPush(pair.B.Address, "decode-0", Guid.NewGuid());
        using CancellationTokenSource cancel = new();

        // The receiver does not come back from the first part, so that none of the window is granted anew.
        Task pushing = push.PushAsync(0, 0, Payload(4 * KvPart.MaxBytes), cancel.Token).AsTask();
        await log.NextAsync();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pushing.WaitAsync(Limits.Patience));
        gate.Release(8);
        Assert.Equal("abort the sender gave up", (await log.NextAsync()).What);
        Assert.Equal(1, log.Parts);
        await Assert.ThrowsAsync<KvTransferException>(async () => await push.CommitAsync(default));
        Assert.Equal(0, pair.B.Incoming.KvTransfers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Listener_PartDamagedOrCut_IsNotHandedOn(bool isCut)
    {
        await using WirePair pair = Pair();
        PartLog log = new();
        pair.B.RegisterKv("decode-0", log);
        byte[] second = WireBytes.Part(1, 3, new KvPart(0, 0, 500_000, 250_000), Payload(250_000));
        second[200_000] ^= 4;
        await SendAsync(pair, [
            .. WireBytes.Part(1, 2, new KvPart(0, 0, 500_000, 0), Payload(250_000)),
            .. isCut ? second[..200_000] : second,
            .. isCut ? [] : WireBytes.Frame(FrameType.KvCommit, 1, 4, [])]);
        Assert.Equal($"part {new KvPart(0, 0, 500_000, 0)} of 250000", (await log.NextAsync()).What);
        string expected = isCut ? "the connection ended within a frame" : "the checksum of a frame of type KvBlock";
        Assert.Contains(expected, (await log.NextAsync()).What, StringComparison.Ordinal);
        Assert.Equal((1, isCut ? 0 : 1), (pair.B.Counters.ProtocolErrors, pair.B.Counters.ChecksumErrors));
    }

    [Theory]
    [InlineData(100, 0, 101)]
    [InlineData(100, 50, 51)]
    [InlineData(100, 101, 0)]
    [InlineData(100, -1, 1)]
    [InlineData(-1, 0, 0)]
    [InlineData(int.MinValue, int.MinValue, 1)]
    [InlineData(int.MaxValue, int.MaxValue - 5, 10)]
    [InlineData((1 << 20) + 1, 0, 10)]
    public async Task Listener_PartBeyondItsPayload_EndsTheConnection(int bytes, int offset, int length)
    {
        await using WirePair pair = Pair(options => options with { MaxKvBytes = 1 << 20 });
        PartLog log = new();
        pair.B.RegisterKv("decode-0", log);
        await SendAsync(pair, WireBytes.Part(1, 2, new KvPart(0, 0, bytes, offset), Payload(length)));
        Assert.Contains($"{length} KV bytes from {offset} on are no part of a payload of {bytes}", (await log.NextAsync()).What, StringComparison.Ordinal);
        Assert.Equal(0, log.Parts);
    }

    private static async Task SendAsync(WirePair pair, byte[] frames)
    {
        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, WireAddress.Parse(pair.B.Address).Port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync((byte[])[.. WireBytes.Hello(pair.B.Address), .. WireBytes.Open(1, 1, StreamKind.Kv, Guid.NewGuid(), "decode-0"), .. frames]);
        try
        {
            client.Client.Shutdown(SocketShutdown.Send);

            // The answer is read to its end, or the system would reset the connection before its last bytes have been taken.
            await stream.CopyToAsync(Stream.Null).WaitAsync(Limits.Patience);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The listener has had enough of it before.
        }
    }

    private static WirePair Pair(Func<WireOptions, WireOptions>? change = null) =>
        new(new SocketTransport(), TimeProvider.System, options => (change?.Invoke(options) ?? options) with { PingInterval = Limits.Patience, HandshakeTimeout = Limits.Patience });

    private static byte[] Payload(int length)
    {
        byte[] payload = new byte[length];
        new Random(length).NextBytes(payload);
        return payload;
    }
}
