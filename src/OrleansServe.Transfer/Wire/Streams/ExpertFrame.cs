using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>
/// Rows for experts, or their outputs, on their way: number of the batch, layer, width, count, epoch of the plan and format of the values, then the expert of each row (rows only), then the values.
/// A copy in pooled memory, so that the batch is its owner's again at once.
/// </summary>
internal sealed class ExpertFrame : BulkFrame
{
    /// <summary>Bytes before the experts.</summary>
    public const int HeadBytes = (5 * sizeof(int)) + sizeof(long);

    private readonly byte[] _bytes;
    private readonly int _length;

    private ExpertFrame(FrameType type, uint stream, int length)
    {
        Type = type;
        Stream = stream;
        _length = length;
        _bytes = ArrayPool<byte>.Shared.Rent(length);
    }

    public override ReadOnlyMemory<byte> Head => default;

    public override ReadOnlyMemory<byte> Tail => _bytes.AsMemory(0, _length);

    /// <summary>Bytes that the rows of a batch take.</summary>
    public static long SizeOf(ExpertBatch batch) => HeadBytes + ((long)batch.Count * (sizeof(int) + ExpertRowCodec.RowBytes(batch.Format, batch.Hidden)));

    /// <summary>The rows of a batch.</summary>
    public static ExpertFrame Rows(uint stream, uint number, ExpertBatch batch)
    {
        ExpertFrame frame = new(FrameType.ExpertRows, stream, checked((int)SizeOf(batch)));
        Span<byte> rest = frame.PutHead(number, batch);
        MemoryMarshal.AsBytes(batch.Experts).CopyTo(rest);
        ExpertRowCodec.WriteRows(batch, rest[(batch.Count * sizeof(int))..]);
        return frame;
    }

    /// <summary>The outputs of a batch.</summary>
    public static ExpertFrame Outputs(uint stream, uint number, ExpertBatch batch)
    {
        ExpertFrame frame = new(FrameType.ExpertOutputs, stream, checked(HeadBytes + (int)(batch.Count * ExpertRowCodec.OutputBytes(batch.Format, batch.Hidden))));
        ExpertRowCodec.WriteOutputs(batch, frame.PutHead(number, batch));
        return frame;
    }

    public override void OnWritten(string? fault) => ArrayPool<byte>.Shared.Return(_bytes);

    private Span<byte> PutHead(uint number, ExpertBatch batch)
    {
        Span<byte> bytes = _bytes.AsSpan(0, _length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], batch.Layer);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[8..], batch.Hidden);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], batch.Count);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], batch.Epoch);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], (int)batch.Format);
        return bytes[HeadBytes..];
    }
}
