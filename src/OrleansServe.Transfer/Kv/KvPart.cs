namespace OrleansServe.Transfer.Kv;

/// <summary>Which part of which payload: a payload is one layer of one block, and comes whole where it is small, in parts where it is large.</summary>
/// <param name="Layer">Layer index.</param>
/// <param name="Block">Index of the block within the prompt.</param>
/// <param name="Bytes">Bytes of the whole payload.</param>
/// <param name="Offset">Where the part begins in it.</param>
public readonly record struct KvPart(int Layer, int Block, int Bytes, int Offset)
{
    /// <summary>
    /// Bytes of a part at most: few enough that what one side has just computed the checksum of is still in the processor's second cache when the kernel copies it, and on the
    /// other side what the kernel has copied when its checksum is computed.
    /// </summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>A payload that comes whole.</summary>
    /// <param name="layer">Layer index.</param>
    /// <param name="block">Index of the block within the prompt.</param>
    /// <param name="bytes">Bytes of the payload.</param>
    public static KvPart Whole(int layer, int block, int bytes) => new(layer, block, bytes, 0);
}
