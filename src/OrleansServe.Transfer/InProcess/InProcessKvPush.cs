using OrleansServe.Transfer.Kv;

namespace OrleansServe.Transfer.InProcess;

/// <summary>A KV push whose receiver copies straight out of the sender's buffer.</summary>
internal sealed class InProcessKvPush : IKvPush
{
    private readonly InProcessDataPlane _sender;
    private readonly InProcessDataPlane _peer;
    private readonly IKvReceiver _receiver;
    private readonly Guid _ticket;
    private readonly Lock _lock = new();
    private volatile string? _refusal;
    private bool _ended;

    public InProcessKvPush(InProcessDataPlane sender, InProcessDataPlane peer, IKvReceiver receiver, Guid ticket)
    {
        _sender = sender;
        _peer = peer;
        _receiver = receiver;
        _ticket = ticket;
    }

    public string SenderAddress => _sender.Address;

    public Guid Ticket => _ticket;

    public IKvReceiver Receiver => _receiver;

    public ValueTask PushAsync(int layer, int block, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ThrowUnlessOpen();
            _receiver.OnPart(_ticket, KvPart.Whole(layer, block, payload.Length), payload.Span);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ThrowUnlessOpen();

            // A refused commit leaves the transfer open, so that the abort that follows still reaches the receiver.
            _receiver.OnCommit(_ticket);
            _ended = true;
            _peer.Forget(this);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask AbortAsync(string reason)
    {
        End(reason);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        End("the sender gave up");
        return ValueTask.CompletedTask;
    }

    /// <summary>The receiver gives the transfer up, maybe while the sender is in a call: it takes no lock that a call holds.</summary>
    public void Refuse(string reason)
    {
        _refusal = reason;
        _peer.Forget(this);
    }

    public void Break() => End("the connection to the sender broke");

    private void End(string reason)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _peer.Forget(this);
            if (!_peer.IsClosed && _refusal is null)
            {
                _receiver.OnAbort(_ticket, reason);
            }
        }
    }

    private void ThrowUnlessOpen()
    {
        if (_sender.IsClosed || _peer.IsClosed)
        {
            throw new PeerUnreachableException(_peer.Address, "the connection broke");
        }

        if (_refusal is { } refusal)
        {
            throw new KvTransferException(_ticket, refusal);
        }

        if (_ended)
        {
            throw new KvTransferException(_ticket, "the transfer has ended.");
        }
    }
}
