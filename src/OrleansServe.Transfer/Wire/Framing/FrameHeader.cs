using System.Buffers.Binary;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>What stands before every payload. Little-endian; see docs/data-plane.md.</summary>
/// <param name="Length">Bytes of the payload.</param>
/// <param name="Type">What the frame says.</param>
/// <param name="Stream">The stream that it belongs to; 0 for the connection itself.</param>
/// <param name="Sequence">Frames sent before it in this direction, so that one that is lost, doubled or out of order is noticed at the next.</param>
/// <param name="Checksum">CRC-32C of the header before this field, and of the payload.</param>
internal readonly record struct FrameHeader(int Length, FrameType Type, uint Stream, uint Sequence, uint Checksum)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 20;

    private const int Checked = 16;

    /// <summary>Reads a header and holds its length against the limit of its type: nothing has been allocated for the payload yet.</summary>
    /// <exception cref="WireFormatException">Unknown type, too long, reserved bits set, or not the frame that is due.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> bytes, FrameLimits limits, uint dueSequence)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        FrameType type = (FrameType)bytes[4];
        uint reserved = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) >> 8;
        uint stream = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]);
        uint sequence = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[Checked..]);
        int limit = limits.Of(type);
        if (limit < 0)
        {
            throw new WireFormatException($"frame type {(byte)type} is not known or not allowed here");
        }

        if (length > limit)
        {
            throw new WireFormatException($"a payload of {length} bytes is longer than {limit}, the limit of {type}");
        }

        if (reserved != 0)
        {
            throw new WireFormatException($"reserved bits of the header are 0x{reserved:x6}, not zero");
        }

        if (sequence != dueSequence)
        {
            throw new WireFormatException($"frame {sequence} came where frame {dueSequence} was due");
        }

        return new FrameHeader((int)length, type, stream, sequence, checksum);
    }

    /// <summary>Writes a header whose payload is <paramref name="head"/> followed by <paramref name="tail"/>.</summary>
    public static void Write(Span<byte> bytes, FrameType type, uint stream, uint sequence, ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)checked(head.Length + tail.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], (byte)type);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], stream);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], sequence);
        uint checksum = Crc32C.Append(Crc32C.Append(Crc32C.Compute(bytes[..Checked]), head), tail);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[Checked..], checksum);
    }

    /// <summary>The checksum of a header, to go on with the payload.</summary>
    public static uint BeginChecksum(ReadOnlySpan<byte> bytes) => Crc32C.Compute(bytes[..Checked]);

    /// <summary>Holds the checksum against what arrived.</summary>
    /// <param name="bytes">The header.</param>
    /// <param name="payload">The payload.</param>
    public bool Verify(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> payload) =>
        Crc32C.Append(BeginChecksum(bytes), payload) == Checksum;
}
