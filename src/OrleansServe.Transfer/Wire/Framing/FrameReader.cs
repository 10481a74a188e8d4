using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire.Connections;

namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>
/// Cuts a byte stream into frames. Small ones are read in place out of the pipe's buffer; a large payload goes straight from the stream into memory of its
/// own, taken from the budget once its length has been held against the limit. Nothing is handed out before its checksum holds.
/// </summary>
internal sealed class FrameReader : IDisposable
{
    private const int BufferBytes = 16 * 1024;
    private const int LargestInPlace = 32 * 1024;
    private const int LargestKept = KvPart.MaxBytes + FrameLimits.DataPrefix;
    private const int PartBytes = 256 * 1024;

    private readonly Stream _stream;
    private readonly PipeReader _pipe;
    private readonly ReceiveBudget _budget;
    private readonly WireStatistics _statistics;
    private readonly byte[] _header = new byte[FrameHeader.Size];
    private byte[] _scratch = [];
    private byte[]? _large;

    // Payloads of this connection that follow each other take the same memory, which is in the processor's cache by then; one from a pool would rarely be.
    private byte[]? _kept;
    private int _largeBytes;
    private uint _largeChecksum;
    private SequencePosition? _consumed;
    private ReadOnlyMemory<byte> _payload;
    private uint _sequence;
    private long _progress;

    /// <param name="stream">The connection; not this reader's to close.</param>
    /// <param name="limits">What may come first.</param>
    /// <param name="budget">Where memory for large payloads is taken from.</param>
    /// <param name="statistics">Counts frames.</param>
    public FrameReader(Stream stream, FrameLimits limits, ReceiveBudget budget, WireStatistics statistics)
    {
        _stream = stream;
        _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferBytes, leaveOpen: true));
        Limits = limits;
        _budget = budget;
        _statistics = statistics;
    }

    /// <summary>What may come; changes with the state of the connection.</summary>
    public FrameLimits Limits { get; set; }

    /// <summary>Grows while a large payload arrives: a peer that sends one is alive though its answers stand behind it.</summary>
    public long Progress => Volatile.Read(ref _progress);

    /// <summary>Payload of the frame that was read last; until <see cref="Release"/>.</summary>
    public ReadOnlySpan<byte> Payload => _payload.Span;

    /// <summary>Reads a frame. It must be released before the next.</summary>
    /// <returns>Null where the stream ends between two frames.</returns>
    /// <exception cref="WireFormatException">What came is no frame of the protocol.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<FrameHeader?> ReadAsync(CancellationToken cancellationToken)
    {
        ReadResult result = await _pipe.ReadAtLeastAsync(FrameHeader.Size, cancellationToken).ConfigureAwait(false);
        if (result.Buffer.Length < FrameHeader.Size)
        {
            _consumed = result.Buffer.End;
            return result.Buffer.IsEmpty ? null : throw Cut();
        }

        result.Buffer.Slice(0, FrameHeader.Size).CopyTo(_header);
        FrameHeader header = FrameHeader.Read(_header, Limits, _sequence);
        if (header.Length <= LargestInPlace)
        {
            int whole = FrameHeader.Size + header.Length;
            if (result.Buffer.Length < whole)
            {
                _pipe.AdvanceTo(result.Buffer.Start);
                result = await _pipe.ReadAtLeastAsync(whole, cancellationToken).ConfigureAwait(false);
            }

            _consumed = result.Buffer.End;
            if (result.Buffer.Length < whole)
            {
                throw Cut();
            }

            _consumed = result.Buffer.GetPosition(whole);
            _payload = InOnePiece(result.Buffer.Slice(FrameHeader.Size, header.Length));
        }
        else
        {
            await ReadLargeAsync(result.Buffer.Slice(FrameHeader.Size), header.Length, cancellationToken).ConfigureAwait(false);
        }

        if (_large is null ? !header.Verify(_header, _payload.Span) : _largeChecksum != header.Checksum)
        {
            _statistics.ChecksumError();
            throw new WireFormatException($"the checksum of a frame of type {header.Type} and {header.Length} bytes does not hold");
        }

        _sequence++;
        _statistics.Received(FrameHeader.Size + header.Length);
        return header;
    }

    /// <summary>Lets go of the frame that was read last.</summary>
    public void Release()
    {
        _payload = default;
        if (_consumed is { } consumed)
        {
            _consumed = null;
            _pipe.AdvanceTo(consumed);
        }

        if (_large is { } large)
        {
            _large = null;
            if (large != _kept)
            {
                ArrayPool<byte>.Shared.Return(large);
            }

            _budget.Return(_largeBytes);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _pipe.Complete();
    }

    private static WireFormatException Cut() => new("the connection ended within a frame");

    private async ValueTask ReadLargeAsync(ReadOnlySequence<byte> begun, int length, CancellationToken cancellationToken)
    {
        // Held until the release, which gives the pipe its bytes back even where waiting for the budget is cut short.
        _consumed = begun.Start;
        await _budget.TakeAsync(length, cancellationToken).ConfigureAwait(false);
        _largeBytes = length;
        _large = length > LargestKept ? ArrayPool<byte>.Shared.Rent(length) : _kept ??= GC.AllocateUninitializedArray<byte>(LargestKept);
        int arrived = (int)Math.Min(begun.Length, length);
        begun.Slice(0, arrived).CopyTo(_large);
        uint checksum = FrameHeader.BeginChecksum(_header);
        checksum = Crc32C.Append(checksum, _large.AsSpan(0, arrived));
        _consumed = null;
        _pipe.AdvanceTo(begun.GetPosition(arrived));

        // What is missing is not in the pipe, which has been emptied, so that the stream may be read past it.
        while (arrived < length)
        {
            int read = await _stream.ReadAsync(_large.AsMemory(arrived, Math.Min(length - arrived, PartBytes)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw Cut();
            }

            // Part by part, while the processor's cache still has it.
            checksum = Crc32C.Append(checksum, _large.AsSpan(arrived, read));
            arrived += read;
            Volatile.Write(ref _progress, _progress + read);
        }

        _largeChecksum = checksum;
        _payload = _large.AsMemory(0, length);
    }

    private ReadOnlyMemory<byte> InOnePiece(ReadOnlySequence<byte> payload)
    {
        if (payload.IsSingleSegment)
        {
            return payload.First;
        }

        int length = (int)payload.Length;
        if (_scratch.Length < length)
        {
            _scratch = new byte[Math.Max(length, 2 * _scratch.Length)];
        }

        payload.CopyTo(_scratch);
        return _scratch.AsMemory(0, length);
    }
}
