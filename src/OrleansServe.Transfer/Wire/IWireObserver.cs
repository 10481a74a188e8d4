namespace OrleansServe.Transfer.Wire;

/// <summary>Told what an operator wants to know of the data plane. Called on its threads: note it and return.</summary>
public interface IWireObserver
{
    /// <summary>A connection is up.</summary>
    /// <param name="peer">The peer, as it names itself, and the connection's purpose.</param>
    /// <param name="dialled">Whether this silo dialled.</param>
    void OnConnected(string peer, bool dialled);

    /// <summary>A connection that was up has ended.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="reason">Why.</param>
    /// <param name="orderly">Whether one of the two sides meant it.</param>
    void OnDisconnected(string peer, string reason, bool orderly);

    /// <summary>A peer was refused, or refused this silo. Told once for each peer and reason.</summary>
    /// <param name="peer">Where it is, and what it says that it is.</param>
    /// <param name="reason">Why.</param>
    void OnRefused(string peer, string reason);

    /// <summary>A receiver of this silo threw what is no refusal: a defect.</summary>
    void OnReceiverFault(string what, Exception exception);
}
