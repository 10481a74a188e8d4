using System.Collections;

namespace OrleansServe.Transfer.Kv;

/// <summary>
/// What has arrived for one ticket. Every (layer, block) pair is expected exactly once; only a complete reception can be committed, so that
/// nothing is ever computed from KV that half arrived. Not thread-safe: the transport serialises the calls of one ticket.
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
    /// <exception cref="KvTransferException">Out of range, of the wrong size, a second time, or after the end.</exception>
    public void Accept(int layer, int block, int bytes)
    {
        ThrowIfClosed();
        if (layer < 0 || layer >= _layers)
        {
            throw new KvTransferException(_ticket, $"layer {layer} is outside 0..{_layers - 1}.");
        }

        if (block < _firstBlock || block >= _blocks)
        {
            throw new KvTransferException(_ticket, $"block {block} is outside {_firstBlock}..{_blocks - 1}.");
        }

        if (bytes != _blockBytes)
        {
            throw new KvTransferException(_ticket, $"block {block} of layer {layer} has {bytes} bytes, not {_blockBytes}.");
        }

        int slot = (layer * (_blocks - _firstBlock)) + block - _firstBlock;
        if (_arrived[slot])
        {
            throw new KvTransferException(_ticket, $"block {block} of layer {layer} arrived twice.");
        }

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
            throw new KvTransferException(_ticket, $"committed with {_missing} of {_arrived.Length} layer blocks missing.");
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

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw new KvTransferException(_ticket, "the transfer has ended.");
        }
    }
}
