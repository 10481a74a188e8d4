using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Streams;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>What all connections of a silo share.</summary>
internal sealed class WireContext(WireOptions options, IWireTransport transport, TimeProvider time, IWireObserver observer, InProcessDataPlane local)
{
    private bool _isLeaving;

    public WireOptions Options { get; } = options;

    public IWireTransport Transport { get; } = transport;

    public TimeProvider Time { get; } = time;

    public IWireObserver Observer { get; } = observer;

    /// <summary>Where this silo's receivers are registered; what a silo sends itself goes through it too.</summary>
    public InProcessDataPlane Local { get; } = local;

    public WireStatistics Statistics { get; } = new();

    public ReceiveBudget Budget { get; } = new(options.ReceiveBudgetBytes);

    public RefusalLog Refusals { get; } = new(observer, time);

    /// <summary>Who has dialled this silo.</summary>
    public PeerNames Names { get; } = new(options.SiloName);

    public WireTasks Tasks { get; } = new(observer);

    public KvIntakes KvIntakes { get; } = new();

    public TokenIntakes TokenIntakes { get; } = new(time, options.ResumeLimit);

    /// <summary>The data plane says goodbye: nobody is dialled any more.</summary>
    public bool IsLeaving
    {
        get => Volatile.Read(ref _isLeaving);
        set => Volatile.Write(ref _isLeaving, value);
    }

    /// <summary>Cancelled when the data plane ends.</summary>
    public CancellationTokenSource Ending { get; } = new();

    /// <summary>Address of this silo; set once it listens.</summary>
    public string Address { get; set; } = string.Empty;
}
