using OrleansServe.Transfer.Wire;
using OrleansServe.Transfer.Wire.Transports;
using OrleansServe.UnitTests.Gateway;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>Two silos' data planes over a transport of the test's choice.</summary>
internal sealed class WirePair : IAsyncDisposable
{
    private readonly bool _timeStands;

    public WirePair(IWireTransport transport, TimeProvider time, Func<WireOptions, WireOptions>? change = null)
    {
        _timeStands = time is ManualTime;
        A = new WireDataPlane(Change(Options("a", 1)), transport, time, Log);
        B = new WireDataPlane(Change(Options("b", 2)), transport, time, Log);

        WireOptions Change(WireOptions options) => change?.Invoke(options) ?? options;
    }

    public WireLog Log { get; } = new();

    public WireDataPlane A { get; }

    public WireDataPlane B { get; }

    public static WireOptions Options(string name, ulong incarnation) => new() { ClusterId = "test", SiloName = name, Incarnation = incarnation };

    public async ValueTask DisposeAsync()
    {
        if (_timeStands)
        {
            // The limit of an orderly end does not run out on a clock that nobody moves any more.
            A.Break();
            B.Break();
        }

        await A.DisposeAsync();
        await B.DisposeAsync();
    }
}
