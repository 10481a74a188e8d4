namespace OrleansServe.Engine.Kv;

/// <summary>
/// The bytes of an engine's KV blocks, for moving them between workers and to disk unchanged. Any thread may call it for blocks that
/// no running step writes.
/// </summary>
public interface IKvMemory
{
    /// <summary>Shape of a block.</summary>
    KvLayout Layout { get; }

    /// <summary>Number of blocks; ids run from 0.</summary>
    int BlockCount { get; }

    /// <summary>Copies one layer of a block out.</summary>
    /// <param name="block">block id</param>
    /// <param name="layer">layer index</param>
    /// <param name="destination">[<see cref="KvLayout.BytesPerBlockLayer"/>] little-endian fp32 rows</param>
    /// <exception cref="ArgumentException">An index is out of range or the length differs.</exception>
    void Read(int block, int layer, Span<byte> destination);

    /// <summary>One layer of a block where it lies, for sending it without a copy.</summary>
    /// <param name="block">block id</param>
    /// <param name="layer">layer index</param>
    /// <returns>[<see cref="KvLayout.BytesPerBlockLayer"/>] as <see cref="Read"/> copies them; not to be used once the engine is disposed.</returns>
    /// <exception cref="ArgumentException">An index is out of range.</exception>
    ReadOnlyMemory<byte> Lend(int block, int layer);

    /// <summary>Copies one layer of a block in.</summary>
    /// <param name="block">block id</param>
    /// <param name="layer">layer index</param>
    /// <param name="source">[<see cref="KvLayout.BytesPerBlockLayer"/>] little-endian fp32 rows</param>
    /// <exception cref="ArgumentException">An index is out of range or the length differs.</exception>
    void Write(int block, int layer, ReadOnlySpan<byte> source);

    /// <summary>Copies a part of one layer of a block in.</summary>
    /// <param name="block">block id</param>
    /// <param name="layer">layer index</param>
    /// <param name="offset">first byte written, of <see cref="KvLayout.BytesPerBlockLayer"/></param>
    /// <param name="source">what is written from there on</param>
    /// <exception cref="ArgumentException">An index is out of range or the part reaches past the end.</exception>
    void WritePart(int block, int layer, int offset, ReadOnlySpan<byte> source);

    /// <summary>Sets a block to zero in every layer, so that nothing of an earlier request can be read from it.</summary>
    /// <param name="block">block id</param>
    /// <exception cref="ArgumentException">The id is out of range.</exception>
    void Clear(int block);
}
