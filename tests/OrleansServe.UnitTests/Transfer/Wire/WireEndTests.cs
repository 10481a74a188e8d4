using System.Net;
using System.Net.Sockets;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Gateway;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>How soon an end is noticed, and that every end comes.</summary>
public sealed class WireEndTests
{
    [Fact]
    public async Task Tokens_WorkersProcessGone_GatewayHearsAtOnce()
    {
        ManualTime time = new();
        await using WirePair pair = new(new SocketTransport(), time);
        TokenRecorder tokens = new();
        pair.B.RegisterTokens(tokens);
        using ITokenChannel channel = pair.A.OpenTokens(pair.B.Address, "a/decode-0");
        channel.Send(DataPlaneContract.Frame(1));
        await tokens.NextAsync();
        pair.A.Break();

        // The clock stands: nothing is waited for.
        Assert.Equal($"lost a/decode-0 {channel.Id}", await tokens.NextAsync());
    }

    [Fact]
    public async Task Tokens_GatewaysProcessGone_WorkerHearsAtOnce()
    {
        ManualTime time = new();
        await using WirePair pair = new(new SocketTransport(), time);
        TokenRecorder tokens = new();
        pair.B.RegisterTokens(tokens);
        using ITokenChannel channel = pair.A.OpenTokens(pair.B.Address, "a/decode-0");
        channel.Send(DataPlaneContract.Frame(1));
        await tokens.NextAsync();
        pair.B.Break();
        using CancellationTokenSource patience = new(Limits.Patience);
        while (channel.IsOpen)
        {
            await Task.Delay(2, patience.Token);
        }
    }

    [Fact]
    public async Task Tokens_OldConnectionHeardOfLate_DoesNotTakeTheChannelBack()
    {
        await using WirePair pair = new(new SocketTransport(), TimeProvider.System, options => options with { ResumeLimit = TimeSpan.FromMinutes(1), PingInterval = TimeSpan.FromMinutes(1) });
        TokenRecorder tokens = new();
        pair.B.RegisterTokens(tokens);
        Guid id = Guid.NewGuid();
        using TcpClient old = await GreetAsync(pair.B.Address);
        using TcpClient next = await GreetAsync(pair.B.Address);
        await next.GetStream().WriteAsync(OpenTokens(id, attempt: 2));
        await next.GetStream().WriteAsync(Tokens(1, sequence: 2));
        await tokens.NextAsync();
        await old.GetStream().WriteAsync(OpenTokens(id, attempt: 1));
        Assert.Equal(FrameType.Reset, await ReadTypeAsync(old));
        old.Close();
        await next.GetStream().WriteAsync(Tokens(2, sequence: 3));
        Assert.Contains(" 2 2 ", await tokens.NextAsync(), StringComparison.Ordinal);
        Assert.Equal((0, 1), pair.B.Incoming);
    }

    [Fact]
    public async Task Dial_PeerSaysNothing_IsGivenUpWithinASecond()
    {
        ManualTime time = new();
        using TcpListener silent = new(IPAddress.Loopback, 0);
        silent.Start();
        await using WirePair pair = new(new SocketTransport(), time);
        string address = new WireAddress("127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port, "silent", 1).ToString();
        await using IKvPush push = pair.A.OpenKvPush(address, "decode-0", Guid.NewGuid());
        using TcpClient dialled = await silent.AcceptTcpClientAsync().WaitAsync(Limits.Patience);
        Task commit = push.CommitAsync(default).AsTask();
        for (int i = 0; i < 10; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        PeerUnreachableException fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => commit.WaitAsync(Limits.Patience));
        Assert.Contains("no answer within 0.8 s", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_PeerSilentAndReceiverStuck_EndsInTime()
    {
        ManualTime time = new();
        WireLog log = new();
        SocketTransport sockets = new();
        StuckReceiver stuck = new();
        WireDataPlane a = new(WirePair.Options("a", 1), sockets, time, log);
        WireDataPlane b = new(WirePair.Options("b", 2), sockets, time, log);
        b.RegisterKv("decode-0", stuck);
        IKvPush push = a.OpenKvPush(b.Address, "decode-0", Guid.NewGuid());
        await push.PushAsync(0, 0, new byte[10], default);
        await stuck.Reached.WaitAsync(Limits.Patience);
        DateTimeOffset begun = time.GetUtcNow();
        Task both = Task.WhenAll(a.DisposeAsync().AsTask(), b.DisposeAsync().AsTask());
        using CancellationTokenSource patience = new(Limits.Patience);
        while (!both.IsCompleted)
        {
            Assert.InRange(time.GetUtcNow() - begun, TimeSpan.Zero, TimeSpan.FromSeconds(20));
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.WhenAny(both, Task.Delay(10, patience.Token));
        }

        Assert.Contains(log.Faults, fault => fault.Contains("did not end within 2 s", StringComparison.Ordinal));
        stuck.Release();
        await push.DisposeAsync();
    }

    [Fact]
    public async Task Refused_AgainAndAgain_IsToldOnceAndMakesRoomInTime()
    {
        ManualTime time = new();
        WireLog log = new();
        RefusalLog refusals = new(log, time);
        for (int i = 0; i < 1000; i++)
        {
            refusals.Tell("10.0.0.1", RefusalCode.Cluster, "another cluster");
            refusals.Tell($"10.1.{i / 250}.{i % 250}", RefusalCode.Version, "another version");
        }

        Assert.Equal(256, log.Refusals.Count);
        time.Advance(TimeSpan.FromMinutes(11));
        refusals.Tell("10.2.0.0", RefusalCode.Version, "another version");
        Assert.Equal(257, log.Refusals.Count);
        refusals.Forget("10.2.0.0");
        refusals.Tell("10.2.0.0", RefusalCode.Version, "another version");
        Assert.Equal(258, log.Refusals.Count);
        await Task.CompletedTask;
    }

    private static byte[] OpenTokens(Guid id, uint attempt)
    {
        WireBuffer payload = new();
        new OpenFrame(StreamKind.Tokens, id, "stranger/decode-0", 0, attempt).Write(payload);
        return WireBytes.Frame(FrameType.Open, 1, 1, payload.Span);
    }

    private static byte[] Tokens(int position, uint sequence)
    {
        WireBuffer payload = new();
        TokenFrameCodec.Write((ulong)position, DataPlaneContract.Frame(position), payload);
        return WireBytes.Frame(FrameType.Tokens, 1, sequence, payload.Span);
    }

    private static async Task<TcpClient> GreetAsync(string address)
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, WireAddress.Parse(address).Port);
        await client.GetStream().WriteAsync(WireBytes.Hello(address, lane: WireLane.Tokens));
        Assert.Equal(FrameType.Welcome, await ReadTypeAsync(client));
        return client;
    }

    private static async Task<FrameType> ReadTypeAsync(TcpClient client)
    {
        byte[] header = new byte[FrameHeader.Size];
        await client.GetStream().ReadExactlyAsync(header).AsTask().WaitAsync(Limits.Patience);
        await client.GetStream().ReadExactlyAsync(new byte[BitConverter.ToInt32(header)]).AsTask().WaitAsync(Limits.Patience);
        return (FrameType)header[4];
    }

    /// <summary>A receiver that does not come back from a block until it is let go.</summary>
    private sealed class StuckReceiver : BlockReceiver
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Release() => _released.TrySetResult();

        protected override void OnBlock(Guid ticket, int layer, int block, ReadOnlySpan<byte> payload)
        {
            _reached.TrySetResult();
            _released.Task.Wait(TimeSpan.FromMinutes(1));
        }

        public override void OnCommit(Guid ticket)
        {
        }

        public override void OnAbort(Guid ticket, string reason)
        {
        }
    }
}
