namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Tells of each refused peer once, however often it comes back, and of no more peers than fit a bound.</summary>
internal sealed class RefusalLog(IWireObserver observer)
{
    private const int Limit = 256;

    private readonly Lock _lock = new();
    private readonly HashSet<(string Peer, RefusalCode? Code)> _told = [];

    public void Tell(string peer, RefusalCode? code, string reason)
    {
        lock (_lock)
        {
            if (_told.Count >= Limit || !_told.Add((peer, code)))
            {
                return;
            }
        }

        observer.OnRefused(peer, reason);
    }

    /// <summary>The peer has been let in: should it be refused again, that is news.</summary>
    public void Forget(string peer)
    {
        lock (_lock)
        {
            _told.RemoveWhere(entry => entry.Peer == peer);
        }
    }
}
