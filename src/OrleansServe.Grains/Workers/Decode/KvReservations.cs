using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine.Kv;
using OrleansServe.Transfer.Kv;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>
/// A decode worker's open tickets and what arrives for them. Opened and closed on the engine's thread; blocks come in on the transports' threads,
/// and what they bring about is handed to the engine's thread.
/// </summary>
/// <param name="worker">Whose tickets they are.</param>
/// <param name="kv">Where the blocks are.</param>
/// <param name="time">The clock.</param>
/// <param name="thread">The engine's thread.</param>
internal sealed class KvReservations(WorkerId worker, IKvMemory kv, TimeProvider time, EngineThread thread) : IKvReceiver
{
    private readonly ConcurrentDictionary<Guid, KvReservation> _tickets = new();

    /// <summary>Told on the engine's thread when everything has arrived and been verified.</summary>
    public required Action<KvReservation> Ready { get; init; }

    /// <summary>Told on the engine's thread when a transfer has failed, with the cause.</summary>
    public required Action<KvReservation, string> Failed { get; init; }

    /// <summary>Opens a reservation.</summary>
    /// <param name="sequence">The sequence; its blocks are held.</param>
    /// <param name="held">Blocks, from the first on, whose KV is there already.</param>
    /// <param name="promptBlocks">Blocks of the prompt.</param>
    public KvReservation Open(DecodeSequence sequence, int held, int promptBlocks)
    {
        Guid ticket = Guid.NewGuid();
        KvReception reception = new(ticket, kv.Layout.Layers, held, promptBlocks, kv.Layout.BytesPerBlockLayer);
        KvReservation reservation = new(ticket, sequence, sequence.Blocks[..promptBlocks].ToArray(), reception) { LastArrival = time.GetTimestamp() };
        _tickets[ticket] = reservation;
        return reservation;
    }

    public bool TryFind(Guid ticket, [NotNullWhen(true)] out KvReservation? reservation) => _tickets.TryGetValue(ticket, out reservation);

    /// <summary>Ends the right to write. The blocks may go to others as soon as this returns.</summary>
    /// <returns>False where the transfer had ended before: its sender knows.</returns>
    public bool Close(KvReservation reservation)
    {
        bool wasUnderWay;
        lock (reservation.Gate)
        {
            reservation.IsOpen = false;
            wasUnderWay = reservation.Reception.Abort();
        }

        _tickets.TryRemove(reservation.TicketId, out _);
        return wasUnderWay;
    }

    public void OnPart(Guid ticket, KvPart part, ReadOnlySpan<byte> payload)
    {
        KvReservation reservation = Find(ticket);
        lock (reservation.Gate)
        {
            // Each part anew: the room may have gone to another request since the last.
            ThrowUnlessOpen(reservation);
            reservation.Reception.Accept(part, payload.Length);
            kv.WritePart(reservation.Blocks[part.Block], part.Layer, part.Offset, payload);
            reservation.LastArrival = time.GetTimestamp();
        }
    }

    public void OnCommit(Guid ticket)
    {
        KvReservation reservation = Find(ticket);
        try
        {
            lock (reservation.Gate)
            {
                ThrowUnlessOpen(reservation);
                reservation.Reception.Commit();
            }
        }
        catch (KvTransferException e)
        {
            // The prefill worker may have answered long ago: only this side can tell the gateway.
            thread.Post(() => Failed(reservation, e.Message));
            throw;
        }

        thread.Post(() => Ready(reservation));
    }

    public void OnAbort(Guid ticket, string reason)
    {
        if (_tickets.TryGetValue(ticket, out KvReservation? reservation))
        {
            thread.Post(() =>
            {
                // A connection may break behind its last message: what was committed is complete.
                if (!reservation.Reception.Committed)
                {
                    Failed(reservation, $"KV transfer: {reason}");
                }
            });
        }
    }

    private KvReservation Find(Guid ticket) =>
        _tickets.TryGetValue(ticket, out KvReservation? reservation)
            ? reservation
            : throw new KvTransferException(ticket, $"worker {worker} holds no such ticket; it expired or was released.");

    private static void ThrowUnlessOpen(KvReservation reservation)
    {
        if (!reservation.IsOpen)
        {
            throw new KvTransferException(reservation.TicketId, "the reservation was released.");
        }
    }
}
