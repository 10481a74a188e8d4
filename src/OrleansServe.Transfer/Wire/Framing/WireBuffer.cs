using System.Buffers.Binary;
using System.Text;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>Bytes that are being put together; keeps its memory from use to use.</summary>
internal sealed class WireBuffer
{
    private byte[] _bytes = new byte[256];

    /// <summary>How many bytes.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Count);

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Count);

    /// <summary>Bytes that it keeps.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>Empties it.</summary>
    public void Clear() => Count = 0;

    /// <summary>Empties it and gives back what a burst has made it grow to.</summary>
    public void Clear(int keep)
    {
        Count = 0;
        if (_bytes.Length > keep)
        {
            _bytes = new byte[keep];
        }
    }

    /// <summary>Appends room for some bytes and returns it.</summary>
    public Span<byte> Take(int bytes)
    {
        int end = checked(Count + bytes);
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(end, 2L * _bytes.Length)));
        }

        Span<byte> room = _bytes.AsSpan(Count, bytes);
        Count = end;
        return room;
    }

    public void Put(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void PutByte(byte value) => Take(1)[0] = value;

    public void PutUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), value);

    public void PutInt32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    public void PutUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);

    public void PutUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    public void PutSingle(float value) => BinaryPrimitives.WriteSingleLittleEndian(Take(sizeof(float)), value);

    public void PutGuid(Guid value) => value.TryWriteBytes(Take(16));

    /// <summary>A length and UTF-8. Text that is longer than <paramref name="limit"/> bytes loses its end.</summary>
    public void PutText(string value, int limit)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        if (length <= limit)
        {
            PutUInt16((ushort)length);
            Encoding.UTF8.GetBytes(value, Take(length));
            return;
        }

        Span<byte> cut = new byte[limit];
        Encoding.UTF8.TryGetBytes(value.AsSpan(0, Math.Min(value.Length, limit / 4)), cut, out length);
        PutUInt16((ushort)length);
        Put(cut[..length]);
    }
}
