using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.InProcess;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Streams;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.Transfer.Wire;

/// <summary>
/// A silo's data plane over TCP: one listener, a few connections to each peer, many streams on each. What a silo sends itself is handed over in memory.
/// See docs/data-plane.md for the protocol.
/// </summary>
public sealed class WireDataPlane : IDataPlane, IAsyncDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    private readonly WireContext _context;
    private readonly InProcessDataPlane _local;
    private readonly Acceptor _acceptor;
    private readonly Peers _peers;
    private int _ended;

    /// <summary>Begins to listen.</summary>
    /// <param name="options">Who this silo is, and its limits.</param>
    /// <param name="transport">Sockets, or what a test puts in their place.</param>
    /// <param name="time">The clock.</param>
    /// <param name="observer">Told what an operator wants to know.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="IOException">The port cannot be listened on.</exception>
    public WireDataPlane(WireOptions options, IWireTransport transport, TimeProvider time, IWireObserver observer)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(observer);
        if (options.Validate() is { Count: > 0 } faults)
        {
            throw new ArgumentException($"Data plane: {string.Join("; ", faults)}.", nameof(options));
        }

        _local = new InProcessNetwork().Join(options.SiloName);
        _context = new WireContext(options, transport, time, observer, _local);
        IWireListener listener = transport.Listen(options.Listen, options.Port);
        string host = options.AdvertisedHost
            ?? (options.Listen.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{options.Listen}]" : options.Listen.ToString());
        Address = _context.Address = new WireAddress(host, options.AdvertisedPort ?? listener.Port, options.SiloName, options.Incarnation).ToString();
        _acceptor = new Acceptor(_context, listener);
        _peers = new Peers(_context);
        _context.Tasks.Run("data plane listener", _acceptor.RunAsync);
    }

    /// <inheritdoc/>
    public string Address { get; }

    /// <summary>What it has done so far.</summary>
    public WireCounters Counters => _context.Statistics.Snapshot(_peers.Connected);

    /// <summary>KV transfers and token channels that peers have open towards this silo, those that wait for a new connection included.</summary>
    public (int KvTransfers, int TokenChannels) Incoming => (_context.KvIntakes.Count, _context.TokenIntakes.Count);

    /// <inheritdoc/>
    public IKvRegistration RegisterKv(string device, IKvReceiver receiver) => new Registration(_context.KvIntakes, device, _local.RegisterKv(device, receiver));

    /// <inheritdoc/>
    public IDisposable RegisterExperts(string device, IExpertReceiver receiver) => _local.RegisterExperts(device, receiver);

    /// <inheritdoc/>
    public IDisposable RegisterTokens(ITokenReceiver receiver) => _local.RegisterTokens(receiver);

    /// <inheritdoc/>
    public void ExpectTokens(TokenChannelId channel, string worker)
    {
        if (!_local.HasTokens(channel) && _local.FindTokens() is { } receiver)
        {
            _context.TokenIntakes.Expect(_context, channel, worker, receiver);
        }
    }

    /// <inheritdoc/>
    public IKvPush OpenKvPush(string address, string device, Guid ticket)
    {
        if (IsOwn(address))
        {
            return _local.OpenKvPush(_local.Address, device, ticket);
        }

        WireKvPush push = new(_context, _peers.LinkTo(address, WireLane.Kv), address, device, ticket);
        push.Start();
        return push;
    }

    /// <inheritdoc/>
    public IExpertChannel OpenExperts(string address, string device)
    {
        if (IsOwn(address))
        {
            return _local.OpenExperts(_local.Address, device);
        }

        WireExpertChannel channel = new(_context, _peers.LinkTo(address, WireLane.Experts), address);
        channel.Start(device);
        return channel;
    }

    /// <inheritdoc/>
    public ITokenChannel OpenTokens(string address, string worker)
    {
        if (IsOwn(address))
        {
            return _local.OpenTokens(_local.Address, worker);
        }

        WireTokenChannel channel = new(_context, _peers.LinkTo(address, WireLane.Tokens), worker);
        channel.Start();
        return channel;
    }

    /// <summary>Breaks every connection without a word, as the death of the process would.</summary>
    public void Break()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _context.Ending.Cancel();
            _acceptor.Dispose();
            FailAll("this data plane broke its connections");
        }
    }

    /// <summary>Takes nothing new, lets what is queued go out, and ends every connection in order. Takes three seconds at most, whatever peers and receivers do.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _context.IsLeaving = true;
            _acceptor.Dispose();
            await Task.WhenAll(_peers.CloseAsync("the silo stops"), _acceptor.CloseAsync("the silo stops")).ConfigureAwait(false);
            await _context.Ending.CancelAsync().ConfigureAwait(false);
            FailAll("the silo stops");
        }

        await _context.Tasks.WhenAllAsync(EndLimit, _context.Time).ConfigureAwait(false);
        _context.TokenIntakes.Dispose();
        _peers.Dispose();
    }

    // A connection may come up while the others end: its dialler and its acceptor look for the end themselves.
    private void FailAll(string reason)
    {
        _local.Break();
        _peers.Fail(reason);
        _acceptor.Fail(reason);
    }

    private bool IsOwn(string address) => address == Address;

    private sealed class Registration(KvIntakes intakes, string device, IKvRegistration local) : IKvRegistration
    {
        public void Abort(Guid ticket, string reason)
        {
            local.Abort(ticket, reason);
            intakes.Abort(device, ticket, reason);
        }

        public void Dispose() => local.Dispose();
    }
}
