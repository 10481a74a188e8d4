namespace OrleansServe.Model.Checkpoints;

/// <summary>
/// The bytes of one tensor, straight from the mapped file. A view and every span taken from it are valid until the
/// <see cref="Checkpoint"/> is disposed and must not be used after.
/// </summary>
public sealed unsafe class TensorView
{
    private readonly SafetensorsFile _shard;
    private readonly TensorReads.Cell? _reads;

    internal TensorView(SafetensorsFile shard, TensorInfo info, TensorReads.Cell? reads = null)
    {
        _shard = shard;
        _reads = reads;
        Info = info;
    }

    /// <summary>Name, type, shape and place.</summary>
    public TensorInfo Info { get; }

    /// <summary>All bytes. A data section may begin at any offset, so elements need not be aligned.</summary>
    /// <exception cref="ModelFormatException">The tensor has more than 2^31 - 1 bytes; use <see cref="Rows"/> or <see cref="Slice"/>.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public ReadOnlySpan<byte> Bytes => Info.Length <= int.MaxValue
        ? Slice(0, (int)Info.Length)
        : throw new ModelFormatException(Info.File, Info.Name, $"has {Info.Length} bytes, at most {int.MaxValue} are read at once");

    /// <summary>Part of the bytes.</summary>
    /// <param name="offset">First byte, counted from the start of the tensor.</param>
    /// <param name="count">Bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the tensor.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public ReadOnlySpan<byte> Slice(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Info.Length - count);
        _reads?.Add(count);
        return new ReadOnlySpan<byte>(_shard.Pointer + Info.Offset + offset, count);
    }

    /// <summary>The first byte of the mapped tensor, however long it is. All of it counts as read.</summary>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public ref readonly byte Map()
    {
        _reads?.Add(Info.Length);
        return ref *(_shard.Pointer + Info.Offset);
    }

    /// <summary>Bytes of whole rows (indices of the outermost dimension).</summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows; together at most 2^31 - 1 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rows are not inside the tensor or are too many bytes.</exception>
    /// <exception cref="ObjectDisposedException">The checkpoint was disposed.</exception>
    public ReadOnlySpan<byte> Rows(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Info.Rows - count);
        var rowBytes = Info.Rows == 0 ? 0 : Info.Length / Info.Rows;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, rowBytes == 0 ? int.MaxValue : int.MaxValue / rowBytes);
        return Slice(first * rowBytes, (int)(count * rowBytes));
    }
}
