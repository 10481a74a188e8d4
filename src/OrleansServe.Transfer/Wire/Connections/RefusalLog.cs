namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Tells of each refused peer once, however often it comes back, and of no more peers in a while than fit a bound.</summary>
internal sealed class RefusalLog(IWireObserver observer, TimeProvider time)
{
    private const int Limit = 256;

    private readonly Lock _lock = new();
    private static readonly TimeSpan While = TimeSpan.FromMinutes(10);
    private readonly Dictionary<(string Peer, RefusalCode? Code), long> _told = [];

    public void Tell(string peer, RefusalCode? code, string reason)
    {
        lock (_lock)
        {
            if (_told.ContainsKey((peer, code)))
            {
                return;
            }

            if (_told.Count >= Limit)
            {
                // Strangers must not use the bound up for good: who was told of long ago makes room.
                foreach ((string Peer, RefusalCode? Code) old in _told.Where(entry => time.GetElapsedTime(entry.Value) > While).Select(entry => entry.Key).ToArray())
                {
                    _told.Remove(old);
                }

                if (_told.Count >= Limit)
                {
                    return;
                }
            }

            _told.Add((peer, code), time.GetTimestamp());
        }

        observer.OnRefused(peer, reason);
    }

    /// <summary>The peer has been let in: should it be refused again, that is news.</summary>
    public void Forget(string peer)
    {
        lock (_lock)
        {
            foreach ((string Peer, RefusalCode? Code) old in _told.Keys.Where(entry => entry.Peer == peer).ToArray())
            {
                _told.Remove(old);
            }
        }
    }
}
