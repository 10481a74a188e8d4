using OrleansServe.Transfer;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Tokens;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Transfer;

public sealed class InProcessDataPlaneTests : DataPlaneContract
{
    private readonly InProcessNetwork _network = new();
    private readonly InProcessDataPlane _a;
    private readonly InProcessDataPlane _b;

    public InProcessDataPlaneTests()
    {
        _a = _network.Join("a");
        _b = _network.Join("b");
    }

    protected override IDataPlane A => _a;

    protected override IDataPlane B => _b;

    [Fact]
    public void Join_NameTaken_Throws() => Assert.Throws<InvalidOperationException>(() => _network.Join("a"));

    [Fact]
    public void Open_UnknownPeerOrDevice_IsUnreachable()
    {
        Assert.Throws<PeerUnreachableException>(() => _a.OpenKvPush("inproc://c", "decode-0", Guid.Empty));
        Assert.Throws<PeerUnreachableException>(() => _a.OpenKvPush(_b.Address, "decode-0", Guid.Empty));
        Assert.Throws<PeerUnreachableException>(() => _a.OpenExperts(_b.Address, "expert-0"));
        Assert.Throws<PeerUnreachableException>(() => _a.OpenTokens(_b.Address, "a/decode-0"));
    }

    [Fact]
    public void Disconnect_ReceiverLost_ClosesTheChannelAndDropsFrames()
    {
        TokenRecorder tokens = new();
        _b.RegisterTokens(tokens);
        ITokenChannel channel = _a.OpenTokens(_b.Address, "a/decode-0");
        _network.Disconnect(_b.Address);
        Assert.False(channel.IsOpen);
        channel.Send(Frame(1));
        Assert.False(tokens.TryNext(out _));
    }

    protected override void Kill(IDataPlane plane) => _network.Disconnect(plane.Address);
}
