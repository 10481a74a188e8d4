using System.Collections.Concurrent;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>KV transfers under way to this silo: one for a ticket at most, so that what belongs to a ticket comes in order.</summary>
internal sealed class KvIntakes
{
    private readonly ConcurrentDictionary<(string Device, Guid Ticket), KvIntake> _open = new();

    /// <summary>How many.</summary>
    public int Count => _open.Count;

    public bool TryAdd(string device, Guid ticket, KvIntake intake) => _open.TryAdd((device, ticket), intake);

    public void Remove(string device, Guid ticket, KvIntake intake) => _open.TryRemove(new KeyValuePair<(string, Guid), KvIntake>((device, ticket), intake));

    /// <summary>The receiver wants no more: its sender is told at once.</summary>
    public void Abort(string device, Guid ticket, string reason)
    {
        if (_open.TryGetValue((device, ticket), out KvIntake? intake))
        {
            intake.Refuse(reason);
        }
    }
}
