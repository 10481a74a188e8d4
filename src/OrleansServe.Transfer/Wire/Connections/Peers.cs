using System.Collections.Concurrent;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>The silos that this one dials, by address.</summary>
internal sealed class Peers : IDisposable
{
    private readonly WireContext _context;
    private readonly ConcurrentDictionary<string, Peer> _peers = new(StringComparer.Ordinal);
    private readonly ITimer _sweep;

    public Peers(WireContext context)
    {
        _context = context;
        _sweep = context.Time.CreateTimer(static self => ((Peers)self!).Sweep(), this, context.Options.IdleTimeout, context.Options.IdleTimeout);
    }

    /// <summary>Peers with a connection.</summary>
    public int Connected => _peers.Values.Count(peer => peer.Links.Any(link => link.IsConnected));

    /// <summary>The way to a peer.</summary>
    /// <exception cref="PeerUnreachableException">The address is none.</exception>
    public PeerLink LinkTo(string address, WireLane lane)
    {
        if (_context.Ending.IsCancellationRequested)
        {
            throw new PeerUnreachableException(address, $"{_context.Address} has left the network");
        }

        Peer peer = _peers.TryGetValue(address, out Peer? known)
            ? known
            : _peers.GetOrAdd(address, static (text, context) => new Peer(context, WireAddress.Parse(text)), _context);
        return peer.Link(lane);
    }

    /// <summary>Ends every connection in order.</summary>
    public Task CloseAsync(string reason) => Task.WhenAll(_peers.Values.SelectMany(peer => peer.Links).Select(link => link.CloseAsync(reason)));

    /// <summary>Breaks every connection.</summary>
    public void Fail(string reason)
    {
        foreach (PeerLink link in _peers.Values.SelectMany(peer => peer.Links))
        {
            link.Fail(reason);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _sweep.Dispose();

    // Silos come and go with ever new addresses; one that nothing goes to any more is dialled anew should it be asked for.
    private void Sweep()
    {
        foreach ((string address, Peer peer) in _peers)
        {
            if (!peer.Links.Any(link => link.IsInUse))
            {
                _peers.TryRemove(new KeyValuePair<string, Peer>(address, peer));
            }
        }
    }

    private sealed class Peer
    {
        private int _nextKv;

        public Peer(WireContext context, WireAddress address)
        {
            Links =
            [
                new PeerLink(context, address, WireLane.Tokens),
                new PeerLink(context, address, WireLane.Experts),
                .. Enumerable.Range(0, context.Options.KvConnections).Select(_ => new PeerLink(context, address, WireLane.Kv)),
            ];
        }

        public PeerLink[] Links { get; }

        public PeerLink Link(WireLane lane) => lane == WireLane.Kv
            ? Links[2 + (int)((uint)Interlocked.Increment(ref _nextKv) % (uint)(Links.Length - 2))]
            : Links[(int)lane];
    }
}
