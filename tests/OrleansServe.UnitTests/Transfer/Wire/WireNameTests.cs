using OrleansServe.Transfer;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>Two living silos under one name, and silos that say goodbye.</summary>
public sealed class WireNameTests
{
    private static readonly SocketTransport Sockets = new();

    [Fact]
    public async Task Dial_SecondLivingSiloOfAName_IsRefusedAndToldOnce_TheFirstGoesOn()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System);
        TokenRecorder tokens = new();
        pair.B.RegisterTokens(tokens);
        pair.B.RegisterKv("decode-0", new KvLog());
        using ITokenChannel first = pair.A.OpenTokens(pair.B.Address, "a/decode-0");
        first.Send(DataPlaneContract.Frame(1));
        await tokens.NextAsync();
        await using WireDataPlane twin = new(WirePair.Options("a", 77), Sockets, TimeProvider.System, new WireLog());
        for (int i = 0; i < 3; i++)
        {
            PeerUnreachableException fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(twin, pair.B.Address));
            Assert.Contains("the name 'a' of start 000000000000004d", fault.Message, StringComparison.Ordinal);
            Assert.Contains("start 0000000000000001", fault.Message, StringComparison.Ordinal);
        }

        Assert.Single(pair.Log.Refusals, refusal => refusal.Contains("two silos must not have one name", StringComparison.Ordinal));
        first.Send(DataPlaneContract.Frame(2));
        Assert.DoesNotContain("lost", await tokens.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dial_SiloBackUnderItsName_IsLetInOnceTheOldOneIsGone()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System);
        pair.B.RegisterKv("decode-0", new KvLog());
        await CommitAsync(pair.A, pair.B.Address);
        pair.A.Break();
        await using WireDataPlane again = new(WirePair.Options("a", 77), Sockets, TimeProvider.System, new WireLog());
        using CancellationTokenSource patience = new(Limits.Patience);
        while (true)
        {
            try
            {
                await CommitAsync(again, pair.B.Address);
                return;
            }
            catch (PeerUnreachableException)
            {
                await Task.Delay(20, patience.Token);
            }
        }
    }

    [Fact]
    public async Task Greet_UnderThisSilosOwnName_IsRefused()
    {
        await using WirePair pair = new(Sockets, TimeProvider.System);
        await using WireDataPlane twin = new(WirePair.Options("b", 77), Sockets, TimeProvider.System, new WireLog());
        PeerUnreachableException fault = await Assert.ThrowsAsync<PeerUnreachableException>(() => CommitAsync(twin, pair.B.Address));
        Assert.Contains("is also this silo's own", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_AreFreeAgainWhenEveryConnectionHasLeft()
    {
        PeerNames names = new("b");
        Hello first = new(Hello.CurrentVersion, "test", "a", 1, "tcp://x:1/a/1", 2, WireLane.Kv);
        Hello second = first with { Incarnation = 2 };
        names.Enter(first, "x");
        names.Enter(first with { Lane = WireLane.Tokens }, "x");
        names.Leave(first);
        HandshakeRefusedException refusal = Assert.Throws<HandshakeRefusedException>(() => names.Enter(second, "y"));
        Assert.Equal(RefusalCode.Name, refusal.Code);
        names.Leave(first);
        names.Enter(second, "y");
    }

    [Fact]
    public async Task Dispose_ConnectionsInUse_EndInOrderOnBothSides()
    {
        WireLog aLog = new();
        WireLog bLog = new();
        WireDataPlane a = new(WirePair.Options("a", 1), Sockets, TimeProvider.System, aLog);
        WireDataPlane b = new(WirePair.Options("b", 2), Sockets, TimeProvider.System, bLog);
        TokenRecorder tokens = new();
        b.RegisterTokens(tokens);
        b.RegisterKv("decode-0", new KvLog());
        a.RegisterTokens(new TokenRecorder());
        ITokenChannel channel = a.OpenTokens(b.Address, "a/decode-0");
        ITokenChannel back = b.OpenTokens(a.Address, "b/decode-0");
        channel.Send(DataPlaneContract.Frame(1));
        back.Send(DataPlaneContract.Frame(1));
        await tokens.NextAsync();
        IKvPush push = a.OpenKvPush(b.Address, "decode-0", Guid.NewGuid());
        await push.PushAsync(0, 0, new byte[100_000], default);
        await a.DisposeAsync().AsTask().WaitAsync(Limits.Patience);
        await b.DisposeAsync().AsTask().WaitAsync(Limits.Patience);
        Assert.NotEmpty(aLog.Ends);
        Assert.NotEmpty(bLog.Ends);
        Assert.All(aLog.Ends.Concat(bLog.Ends), end => Assert.StartsWith("orderly: ", end, StringComparison.Ordinal));
        Assert.Equal((0, 0), (a.Counters.PeersLost, b.Counters.PeersLost));
    }

    private static async Task CommitAsync(WireDataPlane from, string to)
    {
        await using IKvPush push = from.OpenKvPush(to, "decode-0", Guid.NewGuid());
        await push.CommitAsync(default);
    }
}
