namespace OrleansServe.Transfer.Kv;

/// <summary>A KV transfer was refused: unknown, expired or used ticket, a block out of range, sent twice or missing, or a wrong size.</summary>
public sealed class KvTransferException : Exception
{
    /// <param name="ticket">The reservation.</param>
    /// <param name="reason">What is wrong, with limit and value.</param>
    public KvTransferException(Guid ticket, string reason)
        : base($"KV transfer {ticket:N}: {reason}")
    {
        Ticket = ticket;
        Reason = reason;
    }

    /// <summary>The reservation.</summary>
    public Guid Ticket { get; }

    /// <summary>What is wrong, without the ticket's number.</summary>
    public string Reason { get; }
}
