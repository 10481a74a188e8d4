using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>What this silo opens towards a peer: lives on a connection, or waits for one.</summary>
internal abstract class ClientStream
{
    /// <summary>The connection is there; the stream opens itself on it.</summary>
    public abstract void OnAttached(ClientConnection connection, uint id);

    /// <summary>A frame for this stream.</summary>
    /// <exception cref="WireFormatException">It has no place here.</exception>
    public abstract void OnFrame(FrameType type, ReadOnlySpan<byte> payload);

    /// <summary>There is no connection, or no longer.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="isGone">The silo that was meant has ended and will not come back: nobody listens at its address, or another start of it does.</param>
    public abstract void OnLost(string reason, bool isGone);
}
