using OrleansServe.Transfer.Kv;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>
/// Room that a request holds for the KV of its prompt. Transports write into its blocks on their own threads, while the engine's thread may take
/// it back: <see cref="Gate"/> guards <see cref="IsOpen"/> and with it the right to write. Once closed under the gate, nothing that arrives late
/// can reach a block that has gone to another request.
/// </summary>
/// <param name="ticketId">Names the reservation; unguessable.</param>
/// <param name="sequence">Whose prompt it is.</param>
/// <param name="blocks">The prompt's blocks, in order.</param>
/// <param name="reception">What has arrived.</param>
internal sealed class KvReservation(Guid ticketId, DecodeSequence sequence, int[] blocks, KvReception reception)
{
    private long _lastArrival;

    public Guid TicketId { get; } = ticketId;

    public DecodeSequence Sequence { get; } = sequence;

    public int[] Blocks { get; } = blocks;

    public Lock Gate { get; } = new();

    /// <summary>What has arrived. Under <see cref="Gate"/>.</summary>
    public KvReception Reception { get; } = reception;

    /// <summary>The blocks are still this reservation's. Under <see cref="Gate"/>.</summary>
    public bool IsOpen { get; set; } = true;

    /// <summary>Every block has arrived and been verified. Belongs to the engine's thread.</summary>
    public bool IsReady { get; set; }

    /// <summary>Timestamp of the reservation or, later, of the last block that arrived. Written under <see cref="Gate"/>.</summary>
    public long LastArrival
    {
        get => Volatile.Read(ref _lastArrival);
        set => Volatile.Write(ref _lastArrival, value);
    }
}
