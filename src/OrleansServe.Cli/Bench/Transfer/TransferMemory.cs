namespace OrleansServe.Cli.Bench.Transfer;

/// <summary>Memory larger than the processor's caches that payloads are taken from, or put into, one after the other: as KV blocks lie.</summary>
internal sealed class TransferMemory
{
    private const int LeastBytes = 64 << 20;
    private readonly byte[] _bytes;
    private readonly int _payload;
    private int _next;

    public TransferMemory(int payloadBytes)
    {
        _payload = payloadBytes;
        _bytes = GC.AllocateUninitializedArray<byte>(Math.Max(LeastBytes / payloadBytes, 2) * payloadBytes);

        // Touched once, so that no page is asked for while time is taken.
        new Random(1).NextBytes(_bytes);
    }

    /// <summary>The next payload.</summary>
    public Memory<byte> Next()
    {
        Memory<byte> next = _bytes.AsMemory(_next, _payload);
        _next += _payload;
        _next = _next + _payload > _bytes.Length ? 0 : _next;
        return next;
    }
}
