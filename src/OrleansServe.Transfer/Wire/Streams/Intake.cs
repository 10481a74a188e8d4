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

    /// <summary>Called at each ping.</summary>
    public virtual void OnTick()
    {
    }
}
