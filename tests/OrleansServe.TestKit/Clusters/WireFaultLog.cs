using System.Collections.Concurrent;
using OrleansServe.Transfer.Wire;

namespace OrleansServe.TestKit.Clusters;

/// <summary>Keeps what data planes over TCP tell of refusals and defects.</summary>
public sealed class WireFaultLog : IWireObserver
{
    private readonly ConcurrentQueue<string> _entries = new();

    public IReadOnlyCollection<string> Entries => _entries;

    public void OnConnected(string peer, bool dialled)
    {
    }

    public void OnDisconnected(string peer, string reason, bool orderly)
    {
    }

    public void OnRefused(string peer, string reason) => _entries.Enqueue($"refused {peer}: {reason}");

    public void OnReceiverFault(string what, Exception exception) => _entries.Enqueue($"{what}: {exception}");
}
