using System.Buffers.Binary;
using System.Text;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>Reads the fields of a payload one after the other and refuses what is not there.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> bytes, FrameType type)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Bytes that have not been read.</summary>
    public readonly int Left => _rest.Length;

    /// <summary>The next bytes.</summary>
    /// <exception cref="WireFormatException">There are fewer.</exception>
    public ReadOnlySpan<byte> Take(int count)
    {
        if ((uint)count > (uint)_rest.Length)
        {
            throw new WireFormatException($"{type} ends where {count} more bytes are due: {_rest.Length} are there");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    public float Single() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    public Guid Guid() => new(Take(16));

    /// <summary>A length and UTF-8.</summary>
    public string Text(string field, int limit)
    {
        int length = UInt16();
        if (length > limit)
        {
            throw new WireFormatException($"{field} of {type} has {length} bytes, its limit is {limit}");
        }

        try
        {
            return Utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw new WireFormatException($"{field} of {type} is not UTF-8");
        }
    }

    /// <summary>Nothing may follow.</summary>
    public readonly void End()
    {
        if (_rest.Length > 0)
        {
            throw new WireFormatException($"{_rest.Length} bytes follow the end of {type}");
        }
    }
}
