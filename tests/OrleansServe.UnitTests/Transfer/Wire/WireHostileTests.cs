using System.Globalization;
using System.Net;
using System.Net.Sockets;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Engine;
using OrleansServe.UnitTests.Gateway;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;
using Xunit.Abstractions;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>Whatever comes from outside, a silo goes on serving the others and holds nothing of it when it has gone.</summary>
public sealed class WireHostileTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Listener_DamagedConversations_AreGivenUpAndTheOthersGoOn()
    {
        await using WirePair pair = new(new SocketTransport(), TimeProvider.System, options => options with
        {
            HandshakeTimeout = TimeSpan.FromMilliseconds(300),
            PingInterval = TimeSpan.FromMilliseconds(100),
            ResumeLimit = TimeSpan.FromMilliseconds(50),
        });
        KvLog log = new();
        pair.B.RegisterKv("decode-0", log);
        pair.B.RegisterTokens(new TokenRecorder());
        pair.B.RegisterExperts("expert-0", new Doubler());
        int port = WireAddress.Parse(pair.B.Address).Port;
        int attacks = 0;
        foreach (int round in Fuzzing.Seeds(10))
        {
            attacks += 30;
            await Task.WhenAll(Enumerable.Range(round * 30, 30).Select(seed => AttackAsync(port, pair.B.Address, seed)));
        }

        Guid ticket = Guid.NewGuid();
        await using (IKvPush push = pair.A.OpenKvPush(pair.B.Address, "decode-0", ticket))
        {
            await push.PushAsync(0, 0, new byte[] { 9 }, default);
            await push.CommitAsync(default);
        }

        using CancellationTokenSource patience = new(Limits.Patience);
        while (pair.B.Incoming != (0, 0) || pair.B.Counters.Connections > 1 || pair.B.Counters.StreamsOpen > 0)
        {
            await Task.Delay(20, patience.Token);
        }

        Assert.Empty(pair.Log.Faults);
        output.WriteLine($"{attacks} conversations");
        Assert.InRange(pair.B.Counters.ProtocolErrors + pair.B.Counters.Refused, attacks / 3, 3 * attacks);
    }

    [Fact]
    public async Task Push_PeerFallsSilent_FailsWithinASecond()
    {
        ManualTime time = new();
        MemoryTransport transport = new(new FaultPlan(0, FromDialler: true, AtByte: 400, FaultKind.Stall, 1));
        await using WirePair pair = new(transport, time);
        pair.B.RegisterKv("decode-0", new KvLog());
        await using IKvPush push = pair.A.OpenKvPush(pair.B.Address, "decode-0", Guid.NewGuid());
        await push.PushAsync(0, 0, new byte[10], default);
        await push.PushAsync(0, 1, new byte[1000], default);
        Task commit = push.CommitAsync(default).AsTask();
        DateTimeOffset begun = time.GetUtcNow();
        using CancellationTokenSource patience = new(Limits.Patience);
        while (!commit.IsCompleted)
        {
            // A step of the clock, then time for what it set off.
            time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.WhenAny(commit, Task.Delay(20, patience.Token));
            patience.Token.ThrowIfCancellationRequested();
        }

        OrleansServe.Transfer.PeerUnreachableException fault = await Assert.ThrowsAsync<OrleansServe.Transfer.PeerUnreachableException>(() => commit);
        Assert.Contains("pings", fault.Message, StringComparison.Ordinal);
        Assert.InRange(time.GetUtcNow() - begun, TimeSpan.Zero, TimeSpan.FromSeconds(1.25));
    }

    [Fact]
    public async Task Push_TwoTransfersOfOneTicket_TheSecondIsRefused()
    {
        await using WirePair pair = new(new SocketTransport(), TimeProvider.System);
        KvLog log = new();
        pair.B.RegisterKv("decode-0", log);
        Guid ticket = Guid.NewGuid();
        await using IKvPush first = pair.A.OpenKvPush(pair.B.Address, "decode-0", ticket);
        await first.PushAsync(0, 0, new byte[1], default);
        await log.ExpectAsync(ticket, "block 0 0 00");
        await using IKvPush second = pair.A.OpenKvPush(pair.B.Address, "decode-0", ticket);
        KvTransferException refusal = await Assert.ThrowsAsync<KvTransferException>(async () => await second.CommitAsync(default));
        Assert.Contains("another transfer uses the ticket", refusal.Message, StringComparison.Ordinal);
        await first.CommitAsync(default);
        await log.ExpectAsync(ticket, "commit");
    }

    [Fact]
    public async Task Tokens_GatewayConfirmsNothing_ChannelIsLostAtItsBound()
    {
        ManualTime time = new();
        MemoryTransport transport = new(new FaultPlan(0, FromDialler: true, AtByte: 400, FaultKind.Stall, 1));
        await using WirePair pair = new(transport, time, options => options with { TokenBacklogBytes = 10_000 });
        pair.B.RegisterTokens(new TokenRecorder());
        using ITokenChannel channel = pair.A.OpenTokens(pair.B.Address, "a/decode-0");
        int sent = 0;
        while (channel.IsOpen)
        {
            channel.Send(DataPlaneContract.Frame(sent++));
            Assert.InRange(sent, 0, 1000);
        }

        Assert.InRange(sent, 100, 300);
    }

    [Fact]
    public async Task Tokens_NamedChannelNeverOpens_ItsWorkerIsLost()
    {
        ManualTime time = new();
        await using WirePair pair = new(new MemoryTransport(), time);
        TokenRecorder tokens = new();
        pair.B.RegisterTokens(tokens);
        using ITokenChannel opened = pair.A.OpenTokens(pair.B.Address, "a/decode-0");
        pair.B.ExpectTokens(opened.Id, "a/decode-0");
        opened.Send(DataPlaneContract.Frame(1));
        await tokens.NextAsync();
        TokenChannelId never = TokenChannelId.Create();
        pair.B.ExpectTokens(never, "a/decode-1");
        pair.B.ExpectTokens(never, "a/decode-1");
        Assert.Equal((0, 2), pair.B.Incoming);
        for (int i = 0; i < 30; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(2);
        }

        Assert.Equal($"lost a/decode-1 {never}", await tokens.NextAsync());
        Assert.Equal((0, 1), pair.B.Incoming);
        Assert.True(opened.IsOpen);
    }

    [Fact]
    public async Task Tokens_FramesComeTwice_AreHandedOnOnce()
    {
        await using WirePair pair = new(new SocketTransport(), TimeProvider.System, options => options with { ResumeLimit = Limits.Patience, PingInterval = Limits.Patience });
        TokenRecorder tokens = new();
        pair.B.RegisterTokens(tokens);
        Guid channel = Guid.NewGuid();
        using TcpClient first = await SpeakAsync(pair.B.Address, channel, attempt: 1, 1, 1, 2, 1, 2, 3);
        Assert.Equal((int[])[1, 2, 3], await TakeAsync(tokens, 3));

        // A worker that never heard what was confirmed begins again on its next connection.
        using TcpClient second = await SpeakAsync(pair.B.Address, channel, attempt: 2, 1, 2, 3, 4, 4, 5);
        Assert.Equal((int[])[4, 5], await TakeAsync(tokens, 2));
        Assert.Equal((int[])[1, 2, 3, 4, 5], tokens.TokensOf(new TokenChannelId(channel)));
        Assert.Equal(7, pair.B.Counters.TokenDuplicates);
        Assert.Equal(0, pair.B.Counters.ProtocolErrors);

        // One that leaves others out is not believed, and nothing of it is handed on.
        using TcpClient third = await SpeakAsync(pair.B.Address, channel, attempt: 3, 7);
        using CancellationTokenSource patience = new(Limits.Patience);
        while (pair.B.Counters.ProtocolErrors == 0)
        {
            await Task.Delay(2, patience.Token);
        }

        Assert.Equal((int[])[1, 2, 3, 4, 5], tokens.TokensOf(new TokenChannelId(channel)));
    }

    [Fact]
    public async Task Tokens_SteadyStream_SenderAllocatesNothing()
    {
        await using WirePair pair = new(new SocketTransport(), TimeProvider.System);
        TokenRecorder tokens = new();
        pair.B.RegisterTokens(tokens);
        using ITokenChannel channel = pair.A.OpenTokens(pair.B.Address, "a/decode-0");
        TokenFrame frame = DataPlaneContract.Frame(1);
        long least = long.MaxValue;
        for (int round = 0; round < 20; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 50; i++)
            {
                channel.Send(frame);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            for (int i = 0; i < 50; i++)
            {
                await tokens.NextAsync();
            }
        }

        // Buffers may still grow in one round or another, depending on how fast the gateway is.
        Assert.Equal(0, least);
    }

    /// <summary>Dials and sends a channel's frames by position, each bearing its position as its token.</summary>
    private static async Task<TcpClient> SpeakAsync(string address, Guid channel, uint attempt, params int[] positions)
    {
        List<byte[]> frames = [WireBytes.Hello(address, lane: WireLane.Tokens)];
        WireBuffer payload = new();
        new OpenFrame(StreamKind.Tokens, channel, "stranger/decode-0", 0, attempt).Write(payload);
        frames.Add(WireBytes.Frame(FrameType.Open, 1, 1, payload.Span));
        foreach (int position in positions)
        {
            TokenFrame tokens = new();
            tokens.Add(Guid.Empty, position, position, -1, [], [], TokenStreamEnd.None);
            payload.Clear();
            TokenFrameCodec.Write((ulong)position, tokens, payload);
            frames.Add(WireBytes.Frame(FrameType.Tokens, 1, (uint)frames.Count, payload.Span));
        }

        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, WireAddress.Parse(address).Port);
        await client.GetStream().WriteAsync(frames.SelectMany(frame => frame).ToArray());
        return client;
    }

    private static async Task<int[]> TakeAsync(TokenRecorder tokens, int count)
    {
        List<int> taken = [];
        while (taken.Count < count)
        {
            taken.Add(int.Parse((await tokens.NextAsync()).Split(' ')[2], CultureInfo.InvariantCulture));
        }

        return [.. taken];
    }

    private static async Task AttackAsync(int port, string address, int seed)
    {
        Random random = new(seed);
        List<byte[]> frames = WireBytes.Conversation(address);
        byte[] bytes;
        if (seed % 5 == 0)
        {
            bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
        }
        else if (seed % 5 == 1)
        {
            // A greeting that is right, then noise.
            byte[] noise = new byte[random.Next(1, 3000)];
            random.NextBytes(noise);
            bytes = [.. frames[0], .. noise];
        }
        else
        {
            bytes = [.. frames[0], .. WireBytes.Mutate([.. frames.Skip(1).SelectMany(frame => frame)], random)];
        }

        using TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, port);
        try
        {
            await client.GetStream().WriteAsync(bytes);
            if (seed % 3 != 0)
            {
                // Waits to be shown out; who answers no pings is.
                await client.GetStream().CopyToAsync(Stream.Null).WaitAsync(Limits.Patience);
            }
        }
        catch (IOException)
        {
            // Shown out at once.
        }
    }
}
