namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>A frame whose payload is written from where it lies. The memory is the sender's until <see cref="OnWritten"/> says that it is needed no more.</summary>
internal abstract class BulkFrame
{
    /// <summary>What the frame says.</summary>
    public FrameType Type { get; protected set; }

    /// <summary>Its stream.</summary>
    public uint Stream { get; protected set; }

    /// <summary>Payload that comes first; short.</summary>
    public abstract ReadOnlyMemory<byte> Head { get; }

    /// <summary>The rest of the payload.</summary>
    public abstract ReadOnlyMemory<byte> Tail { get; }

    /// <summary>Called exactly once for a frame that was queued: the memory is not read any more.</summary>
    /// <param name="fault">Why the frame was not written, or not wholly; null where it was.</param>
    public abstract void OnWritten(string? fault);
}
