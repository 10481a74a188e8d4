using System.Collections.Concurrent;
using OrleansServe.Transfer.Wire;

namespace OrleansServe.UnitTests.Transfer.Wire;

/// <summary>Writes down what the data plane tells an operator.</summary>
internal sealed class WireLog : IWireObserver
{
    private readonly ConcurrentQueue<string> _refusals = new();
    private readonly ConcurrentQueue<string> _ends = new();
    private readonly ConcurrentQueue<string> _faults = new();

    public IReadOnlyCollection<string> Refusals => _refusals;

    public IReadOnlyCollection<string> Ends => _ends;

    public IReadOnlyCollection<string> Faults => _faults;

    public void OnConnected(string peer, bool dialled)
    {
    }

    public void OnDisconnected(string peer, string reason, bool orderly) => _ends.Enqueue($"{(orderly ? "orderly" : "broken")}: {reason}");

    public void OnRefused(string peer, string reason) => _refusals.Enqueue($"{peer}: {reason}");

    public void OnReceiverFault(string what, Exception exception) => _faults.Enqueue($"{what}: {exception}");
}
