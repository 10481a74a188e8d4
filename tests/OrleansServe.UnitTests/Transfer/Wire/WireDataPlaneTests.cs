using OrleansServe.Transfer;
using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>The contract over sockets.</summary>
public sealed class WireDataPlaneTests : DataPlaneContract, IAsyncLifetime
{
    private readonly WireLog _log = new();
    private WireDataPlane _a = null!;
    private WireDataPlane _b = null!;

    protected override IDataPlane A => _a;

    protected override IDataPlane B => _b;

    public Task InitializeAsync()
    {
        _a = Open("a", 1);
        _b = Open("b", 2);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        Assert.Equal(0, _a.Counters.StreamsOpen);
        Assert.Equal(0, _b.Counters.StreamsOpen);
        Assert.Equal(0, _a.Counters.Connections);
        Assert.Equal(0, _b.Counters.Connections);
        Assert.Equal((0, 0), _a.Incoming);
        Assert.Equal((0, 0), _b.Incoming);
        Assert.Empty(_log.Faults);
        Assert.DoesNotContain(_log.Ends, end => end.Contains("protocol", StringComparison.Ordinal));
        Assert.Equal(0, _a.Counters.ProtocolErrors + _b.Counters.ProtocolErrors);
    }

    protected override void Kill(IDataPlane plane) => ((WireDataPlane)plane).Break();

    private WireDataPlane Open(string name, ulong incarnation) =>
        new(new WireOptions { ClusterId = "test", SiloName = name, Incarnation = incarnation, ResumeLimit = TimeSpan.FromMilliseconds(200), PingInterval = TimeSpan.FromSeconds(2) }, new SocketTransport(), TimeProvider.System, _log);
}
