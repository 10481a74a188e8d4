using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>What opens a stream: its kind, whom it names, and what tells it from others.</summary>
/// <param name="Kind">What it carries.</param>
/// <param name="Id">The ticket of a KV transfer or the id of a token channel; empty for experts.</param>
/// <param name="Name">The device that receives, or the worker that sends tokens.</param>
/// <param name="Position">For tokens: frames that are known to have arrived; 0 for a new channel.</param>
/// <param name="Attempt">For tokens: connections that the channel has been opened on, this one included; 0 for others.</param>
internal readonly record struct OpenFrame(StreamKind Kind, Guid Id, string Name, ulong Position, uint Attempt = 0)
{
    private const int NameLimit = 512;

    public static OpenFrame Read(ReadOnlySpan<byte> payload)
    {
        FieldReader fields = new(payload, FrameType.Open);
        OpenFrame open = new((StreamKind)fields.Byte(), fields.Guid(), fields.Text("name", NameLimit), fields.UInt64(), fields.UInt32());
        fields.End();
        return open;
    }

    public void Write(WireBuffer buffer)
    {
        buffer.PutByte((byte)Kind);
        buffer.PutGuid(Id);
        buffer.PutText(Name, NameLimit);
        buffer.PutUInt64(Position);
        buffer.PutUInt32(Attempt);
    }
}
