using System.Buffers.Binary;
using System.Runtime.InteropServices;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Model.NumberFormats;

namespace OrleansServe.Transfer.Experts;

/// <summary>
/// How a batch's rows and outputs lie on the wire. Rows of a format other than fp32 were rounded to it by whoever sends them, so that nothing is lost here; outputs lose what the engine
/// would round away.
/// </summary>
public static class ExpertRowCodec
{
    /// <summary>Bytes of a row: fp32, or a byte for each element and one for each scale.</summary>
    /// <param name="format">numbers of the rows</param>
    /// <param name="hidden">width of a row</param>
    public static long RowBytes(ExpertRowFormat format, int hidden) =>
        format == ExpertRowFormat.Float8 ? (long)hidden + Float8Rows.ScalesOf(hidden) : (long)hidden * sizeof(float);

    /// <summary>Bytes of an output: fp32 or bf16.</summary>
    /// <param name="format">numbers of the rows</param>
    /// <param name="hidden">width of a row</param>
    public static long OutputBytes(ExpertRowFormat format, int hidden) => (long)hidden * (format == ExpertRowFormat.Float8 ? sizeof(ushort) : sizeof(float));

    /// <summary>Writes a batch's rows.</summary>
    /// <param name="batch">the batch</param>
    /// <param name="bytes">Count · <see cref="RowBytes"/></param>
    internal static void WriteRows(ExpertBatch batch, Span<byte> bytes)
    {
        if (batch.Format != ExpertRowFormat.Float8)
        {
            MemoryMarshal.AsBytes(batch.Rows).CopyTo(bytes);
            return;
        }

        var stride = (int)RowBytes(batch.Format, batch.Hidden);
        for (var row = 0; row < batch.Count; row++)
        {
            var target = bytes.Slice(row * stride, stride);
            Float8Rows.Encode(batch.Rows.Slice(row * batch.Hidden, batch.Hidden), target[..batch.Hidden], MemoryMarshal.Cast<byte, sbyte>(target[batch.Hidden..]));
        }
    }

    /// <summary>Reads a batch's rows.</summary>
    /// <param name="bytes">Count · <see cref="RowBytes"/>; any content</param>
    /// <param name="batch">begun with the format</param>
    internal static void ReadRows(ReadOnlySpan<byte> bytes, ExpertBatch batch)
    {
        if (batch.Format != ExpertRowFormat.Float8)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(batch.Rows));
            return;
        }

        var stride = (int)RowBytes(batch.Format, batch.Hidden);
        for (var row = 0; row < batch.Count; row++)
        {
            var source = bytes.Slice(row * stride, stride);
            Float8Rows.Decode(source[..batch.Hidden], MemoryMarshal.Cast<byte, sbyte>(source[batch.Hidden..]), batch.Rows.Slice(row * batch.Hidden, batch.Hidden));
        }
    }

    /// <summary>Writes a batch's outputs.</summary>
    /// <param name="batch">the batch</param>
    /// <param name="bytes">Count · <see cref="OutputBytes"/></param>
    internal static void WriteOutputs(ExpertBatch batch, Span<byte> bytes)
    {
        if (batch.Format != ExpertRowFormat.Float8)
        {
            MemoryMarshal.AsBytes(batch.Outputs).CopyTo(bytes);
            return;
        }

        var outputs = batch.Outputs;
        for (var i = 0; i < outputs.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[(i * sizeof(ushort))..], BFloat16.FromSingle(outputs[i]));
        }
    }

    /// <summary>Reads a batch's outputs.</summary>
    /// <param name="bytes">Count · <see cref="OutputBytes"/>; any content</param>
    /// <param name="batch">as it was sent</param>
    internal static void ReadOutputs(ReadOnlySpan<byte> bytes, ExpertBatch batch)
    {
        if (batch.Format != ExpertRowFormat.Float8)
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(batch.Outputs));
            return;
        }

        var outputs = batch.Outputs;
        for (var i = 0; i < outputs.Length; i++)
        {
            outputs[i] = BFloat16.ToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(ushort))..]));
        }
    }
}
