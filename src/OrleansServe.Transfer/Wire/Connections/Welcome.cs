using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Who answers, and what it takes.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="KvWindow">KV bytes of one transfer that may be on their way.</param>
/// <param name="MaxKvBytes">Bytes of one layer of one block at most.</param>
/// <param name="MaxExpertBytes">Bytes of one expert batch at most.</param>
/// <param name="MaxTokenFrameBytes">Bytes of one token frame at most.</param>
/// <param name="MaxStreams">Streams that the dialler may have open on the connection.</param>
internal sealed record Welcome(string Silo, int KvWindow, int MaxKvBytes, int MaxExpertBytes, int MaxTokenFrameBytes, int MaxStreams)
{
    private const int TextLimit = 512;

    /// <summary>What this silo takes.</summary>
    public static Welcome Of(WireOptions options) =>
        new(options.SiloName, options.KvWindowBytes, options.MaxKvBytes, options.MaxExpertBytes, options.MaxTokenFrameBytes, options.MaxStreams);

    /// <summary>Reads the answer to a greeting.</summary>
    /// <exception cref="HandshakeRefusedException">It is a refusal.</exception>
    /// <exception cref="WireFormatException">It is neither.</exception>
    public static Welcome Read(FrameType type, ReadOnlySpan<byte> payload)
    {
        FieldReader fields = new(payload, type);
        if (type == FrameType.Refuse)
        {
            RefusalCode code = (RefusalCode)fields.Byte();
            throw new HandshakeRefusedException(code, $"the peer refuses: {fields.Text("reason", TextLimit)}");
        }

        Welcome welcome = new(fields.Text("silo", TextLimit), fields.Int32(), fields.Int32(), fields.Int32(), fields.Int32(), fields.Int32());
        fields.End();
        return welcome is { KvWindow: > 0, MaxKvBytes: > 0, MaxExpertBytes: > 0, MaxTokenFrameBytes: > 0, MaxStreams: > 0 }
            ? welcome
            : throw new WireFormatException("every limit of Welcome must be above 0");
    }

    /// <summary>Writes a refusal.</summary>
    public static void WriteRefusal(WireBuffer buffer, RefusalCode code, string reason)
    {
        buffer.PutByte((byte)code);
        buffer.PutText(reason, TextLimit);
    }

    /// <summary>Writes the welcome.</summary>
    public void Write(WireBuffer buffer)
    {
        buffer.PutText(Silo, TextLimit);
        buffer.PutInt32(KvWindow);
        buffer.PutInt32(MaxKvBytes);
        buffer.PutInt32(MaxExpertBytes);
        buffer.PutInt32(MaxTokenFrameBytes);
        buffer.PutInt32(MaxStreams);
    }
}
