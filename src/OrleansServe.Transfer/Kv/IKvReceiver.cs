namespace OrleansServe.Transfer.Kv;

/// <summary>
/// The decode worker's side of KV transfer. Calls for one ticket come one at a time and in order; calls for different tickets may come at once.
/// An exception thrown here refuses the transfer and reaches the sender as <see cref="KvTransferException"/>.
/// </summary>
public interface IKvReceiver
{
    /// <summary>One layer of one block has arrived, or the next part of it, and its checksum holds.</summary>
    /// <param name="ticket">The reservation.</param>
    /// <param name="part">Which part of what. Senders send a payload's parts in order and end one payload before they begin another; a receiver must not rely on it.</param>
    /// <param name="payload">Rows of the layer's block, as the engine's KV memory reads and writes them. Valid during the call only.</param>
    void OnPart(Guid ticket, KvPart part, ReadOnlySpan<byte> payload);

    /// <summary>The sender has sent everything. Throws unless every layer of every expected block has arrived.</summary>
    void OnCommit(Guid ticket);

    /// <summary>The sender gave up, or its connection broke: nothing more will come for this ticket.</summary>
    void OnAbort(Guid ticket, string reason);
}
