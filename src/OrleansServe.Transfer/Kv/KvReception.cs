using System.Collections;

namespace OrleansServe.Transfer.Kv;

/// <summary>
/// What has arrived for one ticket. Every (layer, block) pair is expected exactly once, each part of it behind the one before; only a complete reception can be committed, so
/// that nothing is ever computed from KV that half arrived. Not thread-safe: the transport serialises the calls of one ticket.
/// </summary>
public sealed class KvReception
{
    private readonly Guid _ticket;
    private readonly int _layers;
    private readonly int _firstBlock;
    private readonly int _blocks;
    private readonly int _blockBytes;
    private readonly BitArray _arrived;
    private int _missing;

    // The pair whose parts are arriving, and how many of its bytes have; -1 between two pairs.
    private int _begun = -1;
    private int _begunBytes;
    private bool _closed;

    /// <param name="ticket">The reservation.</param>
    /// <param name="layers">Layers of the model.</param>
    /// <param name="firstBlock">First block to be sent; those before it are held already.</param>
    /// <param name="blocks">Blocks of the prompt.</param>
    /// <param name="blockBytes">Size of one layer of one block.</param>
    public KvReception(Guid ticket, int layers, int firstBlock, int blocks, int blockBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBlock);
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, firstBlock);
        _ticket = ticket;
        _layers = layers;
        _firstBlock = firstBlock;
        _blocks = blocks;
        _blockBytes = blockBytes;
        _missing = checked(layers * (blocks - firstBlock));
        _arrived = new BitArray(_missing);
    }

    /// <summary>Whether the sender has committed and everything is there.</summary>
    public bool Committed { get; private set; }

    /// <summary>Checks one arrival and counts it.</summary>
    /// <param name="part">What has arrived.</param>
    /// <param name="length">Bytes that have.</param>
    /// <exception cref="KvTransferException">Out of range, of the wrong size, out of order, a second time, or after the end.</exception>
    public void Accept(KvPart part, int length)
    {
        ThrowIfClosed();
        int slot = SlotOf(part);
        if (_arrived[slot])
        {
            throw Fault($"block {part.Block} of layer {part.Layer} arrived twice.");
        }

        if (_begun >= 0 && slot != _begun)
        {
            throw Fault($"block {part.Block} of layer {part.Layer} began before the one before it was whole.");
        }

        int due = _begun < 0 ? 0 : _begunBytes;
        if (part.Offset != due || length <= 0 || length > _blockBytes - due)
        {
            throw Fault($"block {part.Block} of layer {part.Layer}: {length} bytes came from {part.Offset} on; of its {_blockBytes} those from {due} on were due.");
        }

        if (due + length < _blockBytes)
        {
            _begun = slot;
            _begunBytes = due + length;
            return;
        }

        _begun = -1;
        _arrived[slot] = true;
        _missing--;
    }

    /// <summary>Ends the reception.</summary>
    /// <exception cref="KvTransferException">Something is missing, or it has ended before.</exception>
    public void Commit()
    {
        ThrowIfClosed();
        _closed = true;
        if (_missing > 0)
        {
            throw Fault($"committed with {_missing} of {_arrived.Length} layer blocks missing.");
        }

        Committed = true;
    }

    /// <summary>Ends the reception without a result.</summary>
    /// <returns>False where it had ended before, by a commit or otherwise.</returns>
    public bool Abort()
    {
        bool wasOpen = !_closed;
        _closed = true;
        return wasOpen;
    }

    private int SlotOf(KvPart part)
    {
        if (part.Layer < 0 || part.Layer >= _layers)
        {
            throw Fault($"layer {part.Layer} is outside 0..{_layers - 1}.");
        }

        if (part.Block < _firstBlock || part.Block >= _blocks)
        {
            throw Fault($"block {part.Block} is outside {_firstBlock}..{_blocks - 1}.");
        }

        return part.Bytes == _blockBytes
            ? (part.Layer * (_blocks - _firstBlock)) + part.Block - _firstBlock
            : throw Fault($"block {part.Block} of layer {part.Layer} has {part.Bytes} bytes, not {_blockBytes}.");
    }

    private KvTransferException Fault(string reason) => new(_ticket, reason);

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw Fault("the transfer has ended.");
        }
    }
}
