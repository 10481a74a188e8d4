using System.Collections.Concurrent;
using OrleansServe.Transfer.Kv;

namespace OrleansServe.UnitTests.Transfer.Support;

/// <summary>A KV receiver that puts parts together and is told of what has come whole.</summary>
internal abstract class BlockReceiver : IKvReceiver
{
    private readonly ConcurrentDictionary<Guid, byte[]> _arriving = new();

    public void OnPart(Guid ticket, KvPart part, ReadOnlySpan<byte> payload)
    {
        if (payload.Length == part.Bytes)
        {
            OnBlock(ticket, part.Layer, part.Block, payload);
            return;
        }

        byte[] arrived = part.Offset == 0 ? [] : _arriving[ticket];
        if (arrived.Length != part.Offset)
        {
            throw new InvalidOperationException($"a part from {part.Offset} on came where {arrived.Length} was due");
        }

        _arriving[ticket] = arrived = [.. arrived, .. payload];
        if (arrived.Length == part.Bytes)
        {
            OnBlock(ticket, part.Layer, part.Block, arrived);
        }
    }

    public abstract void OnCommit(Guid ticket);

    public abstract void OnAbort(Guid ticket, string reason);

    protected abstract void OnBlock(Guid ticket, int layer, int block, ReadOnlySpan<byte> payload);
}
