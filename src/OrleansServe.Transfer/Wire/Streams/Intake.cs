using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>The receiving end of a stream that a peer opened. Called by the connection's reader alone.</summary>
internal abstract class Intake
{
    /// <summary>Takes a frame.</summary>
    /// <returns>Whether the stream goes on.</returns>
    /// <exception cref="WireFormatException">The frame has no place here.</exception>
    public abstract bool Take(FrameType type, ReadOnlySpan<byte> payload);

    /// <summary>The connection broke.</summary>
    public abstract void OnLost(string reason);

    /// <summary>Whether something goes on without the connection, until the peer dials again or is found gone.</summary>
    public virtual bool WaitsForPeer => false;

    /// <summary>After <see cref="OnLost"/>: the peer's process is gone and will not dial again.</summary>
    public virtual void OnPeerGone()
    {
    }

    /// <summary>Called at each ping.</summary>
    public virtual void OnTick()
    {
    }
}
