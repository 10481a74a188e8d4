using System.Buffers.Binary;
using System.Threading.Tasks.Sources;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>A part of one layer of one block on its way; used again for the next of the same transfer. Awaiting <see cref="Written"/> waits until the payload is free.</summary>
internal sealed class KvBlockFrame : BulkFrame, IValueTaskSource<string?>
{
    private const int HeadBytes = 4 * sizeof(int);

    private readonly byte[] _head = new byte[HeadBytes];
    private ManualResetValueTaskSourceCore<string?> _written = new() { RunContinuationsAsynchronously = true };
    private ReadOnlyMemory<byte> _payload;

    public override ReadOnlyMemory<byte> Head => _head;

    public override ReadOnlyMemory<byte> Tail => _payload;

    /// <summary>Completes with what went wrong, or null, once the payload is not read any more.</summary>
    public ValueTask<string?> Written => new(this, _written.Version);

    public void Fill(uint stream, KvPart part, ReadOnlyMemory<byte> payload)
    {
        _written.Reset();
        Type = FrameType.KvBlock;
        Stream = stream;
        BinaryPrimitives.WriteInt32LittleEndian(_head, part.Layer);
        BinaryPrimitives.WriteInt32LittleEndian(_head.AsSpan(sizeof(int)), part.Block);
        BinaryPrimitives.WriteInt32LittleEndian(_head.AsSpan(2 * sizeof(int)), part.Bytes);
        BinaryPrimitives.WriteInt32LittleEndian(_head.AsSpan(3 * sizeof(int)), part.Offset);
        _payload = payload;
    }

    public override void OnWritten(string? fault)
    {
        _payload = default;
        _written.SetResult(fault);
    }

    string? IValueTaskSource<string?>.GetResult(short token) => _written.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<string?>.GetStatus(short token) => _written.GetStatus(token);

    void IValueTaskSource<string?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _written.OnCompleted(continuation, state, token, flags);
}
