using System.Runtime.InteropServices;
using OrleansServe.Engine.Memory;
using OrleansServe.Kernels.Copying;

namespace OrleansServe.Engine.Kv;

/// <summary>KV blocks in memory, one allocation per layer.</summary>
internal sealed unsafe class PagedKv : IKvMemory, IDisposable
{
    private readonly NativeBuffer[] _layers;

    /// <exception cref="OverflowException">The blocks are more bytes than can be addressed.</exception>
    public PagedKv(KvLayout layout, int blocks)
    {
        Layout = layout;
        BlockCount = blocks;
        _layers = new NativeBuffer[layout.Layers];
        var bytes = checked((long)layout.BytesPerBlockLayer * blocks);
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i] = new NativeBuffer(bytes, clear: true);
        }
    }

    public KvLayout Layout { get; }

    public int BlockCount { get; }

    /// <summary>[tokens, latent + rope] rows of a block, from its first token on.</summary>
    public Span<float> Rows(int layer, int block, int tokens) =>
        _layers[layer].Floats((long)block * KvLayout.BlockTokens * Layout.RowWidth, tokens * Layout.RowWidth);

    /// <summary>[latent + rope] row of one token.</summary>
    public Span<float> Row(int layer, int block, int token) =>
        _layers[layer].Floats((((long)block * KvLayout.BlockTokens) + token) * Layout.RowWidth, Layout.RowWidth);

    public void Read(int block, int layer, Span<byte> destination)
    {
        Check(block, layer, destination.Length);
        MemoryMarshal.AsBytes(Rows(layer, block, KvLayout.BlockTokens)).CopyTo(destination);
    }

    public ReadOnlyMemory<byte> Lend(int block, int layer)
    {
        Check(block, layer, Layout.BytesPerBlockLayer);
        return new NativeSlice(_layers[layer], (long)block * KvLayout.BlockTokens * Layout.RowWidth, KvLayout.BlockTokens * Layout.RowWidth).Memory;
    }

    public void Write(int block, int layer, ReadOnlySpan<byte> source)
    {
        Check(block, layer, source.Length);
        source.CopyTo(MemoryMarshal.AsBytes(Rows(layer, block, KvLayout.BlockTokens)));
    }

    public void WritePart(int block, int layer, int offset, ReadOnlySpan<byte> source)
    {
        Check(block, layer, Layout.BytesPerBlockLayer);
        var bytes = MemoryMarshal.AsBytes(Rows(layer, block, KvLayout.BlockTokens));
        if ((uint)offset > (uint)bytes.Length || source.Length > bytes.Length - offset)
        {
            throw new ArgumentException($"{source.Length} bytes from {offset} on reach past the {bytes.Length} of a block's layer");
        }

        StreamingCopy.Execute(source, bytes[offset..]);
    }

    public void Clear(int block)
    {
        for (var layer = 0; layer < Layout.Layers; layer++)
        {
            Check(block, layer, Layout.BytesPerBlockLayer);
            Rows(layer, block, KvLayout.BlockTokens).Clear();
        }
    }

    public void Dispose()
    {
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }
    }

    private void Check(int block, int layer, int bytes)
    {
        if ((uint)block >= (uint)BlockCount)
        {
            throw new ArgumentException($"block {block} is not below {BlockCount}", nameof(block));
        }

        if ((uint)layer >= (uint)Layout.Layers)
        {
            throw new ArgumentException($"layer {layer} is not below {Layout.Layers}", nameof(layer));
        }

        if (bytes != Layout.BytesPerBlockLayer)
        {
            throw new ArgumentException($"{bytes} bytes where a block's layer has {Layout.BytesPerBlockLayer}");
        }
    }
}
