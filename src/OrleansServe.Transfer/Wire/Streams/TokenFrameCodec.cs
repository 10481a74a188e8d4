using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>Token frames as bytes: position, count, then event after event with its own alternatives behind it.</summary>
internal static class TokenFrameCodec
{
    private const int MaxAlternatives = 1024;
    private const int ErrorLimit = 4096;
    private const int EventBytes = 16 + (3 * sizeof(int)) + sizeof(ushort) + 3;

    /// <summary>Appends a frame.</summary>
    /// <param name="position">Number of the frame on its channel, from 1.</param>
    /// <param name="frame">The tokens.</param>
    /// <param name="buffer">Where to.</param>
    public static void Write(ulong position, TokenFrame frame, WireBuffer buffer)
    {
        buffer.PutUInt64(position);
        buffer.PutInt32(frame.Count);
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            buffer.PutGuid(token.RequestId);
            buffer.PutInt32(token.Index);
            buffer.PutInt32(token.Token);
            buffer.PutSingle(token.Logprob);
            buffer.PutByte((byte)token.End);
            buffer.PutByte(token.Origin.Drafted);
            buffer.PutByte(token.Origin.IsDraft ? (byte)1 : (byte)0);
            buffer.PutUInt16(checked((ushort)token.TopCount));
            for (int i = token.TopStart; i < token.TopStart + token.TopCount; i++)
            {
                buffer.PutInt32(frame.TopTokens[i]);
                buffer.PutSingle(frame.TopLogprobs[i]);
            }

            if (token.End >= TokenStreamEnd.Failed)
            {
                buffer.PutText(frame.ErrorOf(token.RequestId) ?? string.Empty, ErrorLimit);
            }
        }
    }

    /// <summary>The position of a frame.</summary>
    public static ulong ReadPosition(ReadOnlySpan<byte> payload) => new FieldReader(payload, FrameType.Tokens).UInt64();

    /// <summary>Reads a frame into one that is used again and again.</summary>
    /// <exception cref="WireFormatException">A count is out of range, or the end is missing.</exception>
    public static void Read(ReadOnlySpan<byte> payload, TokenFrame frame)
    {
        frame.Clear();
        FieldReader fields = new(payload, FrameType.Tokens);
        fields.UInt64();
        int count = fields.Int32();
        if (count < 0 || count > fields.Left / EventBytes)
        {
            throw new WireFormatException($"Tokens says that it has {count} events in {fields.Left} bytes");
        }

        Span<int> topTokens = stackalloc int[32];
        Span<float> topLogprobs = stackalloc float[32];
        for (int i = 0; i < count; i++)
        {
            Guid request = fields.Guid();
            int index = fields.Int32();
            int token = fields.Int32();
            float logprob = fields.Single();
            TokenStreamEnd end = (TokenStreamEnd)fields.Byte();
            byte drafted = fields.Byte();
            byte isDraft = fields.Byte();
            int alternatives = fields.UInt16();
            if (end > TokenStreamEnd.HandedOver || isDraft > 1 || alternatives > MaxAlternatives || index < (end == TokenStreamEnd.None && alternatives == 0 ? -1 : 0))
            {
                throw new WireFormatException($"event {i} of Tokens has index {index}, end {(byte)end}, draft mark {isDraft} and {alternatives} alternatives of at most {MaxAlternatives}");
            }

            if (alternatives > topTokens.Length)
            {
                topTokens = new int[alternatives];
                topLogprobs = new float[alternatives];
            }

            for (int j = 0; j < alternatives; j++)
            {
                topTokens[j] = fields.Int32();
                topLogprobs[j] = fields.Single();
            }

            if (end >= TokenStreamEnd.Failed)
            {
                frame.AddFailure(request, index, fields.Text("error", ErrorLimit), end);
            }
            else
            {
                frame.Add(request, index, token, logprob, topTokens[..alternatives], topLogprobs[..alternatives], end, new TokenOrigin(drafted, isDraft == 1));
            }
        }

        fields.End();
    }
}
