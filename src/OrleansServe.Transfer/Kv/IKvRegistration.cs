namespace OrleansServe.Transfer.Kv;

/// <summary>A KV receiver's place on the data plane; disposing it takes the receiver off.</summary>
public interface IKvRegistration : IDisposable
{
    /// <summary>
    /// The receiver gives a transfer up: its sender is told at once, and every call of it is refused from now on. The receiver is not told. Does nothing
    /// where no transfer uses the ticket; never waits.
    /// </summary>
    /// <param name="ticket">The reservation.</param>
    /// <param name="reason">What the sender is told.</param>
    void Abort(Guid ticket, string reason);
}
