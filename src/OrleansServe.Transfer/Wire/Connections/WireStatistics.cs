namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Counts what the data plane does; any thread.</summary>
internal sealed class WireStatistics
{
    private long _bytesSent;
    private long _bytesReceived;
    private long _framesSent;
    private long _framesReceived;
    private long _checksumErrors;
    private long _protocolErrors;
    private long _resets;
    private long _refused;
    private long _peersLost;
    private long _tokenResumes;
    private long _tokenDuplicates;
    private int _streams;
    private int _connections;

    public void Sent(int bytes, int frames)
    {
        Interlocked.Add(ref _bytesSent, bytes);
        Interlocked.Add(ref _framesSent, frames);
    }

    public void Received(int bytes)
    {
        Interlocked.Add(ref _bytesReceived, bytes);
        Interlocked.Increment(ref _framesReceived);
    }

    public void ChecksumError() => Interlocked.Increment(ref _checksumErrors);

    public void ProtocolError() => Interlocked.Increment(ref _protocolErrors);

    public void Reset() => Interlocked.Increment(ref _resets);

    public void Refused() => Interlocked.Increment(ref _refused);

    public void PeerLost() => Interlocked.Increment(ref _peersLost);

    public void TokensResumed() => Interlocked.Increment(ref _tokenResumes);

    public void TokensDoubled() => Interlocked.Increment(ref _tokenDuplicates);

    public void Streams(int change) => Interlocked.Add(ref _streams, change);

    public void Connections(int change) => Interlocked.Add(ref _connections, change);

    public WireCounters Snapshot(int peers) => new(
        Interlocked.Read(ref _bytesSent),
        Interlocked.Read(ref _bytesReceived),
        Interlocked.Read(ref _framesSent),
        Interlocked.Read(ref _framesReceived),
        Interlocked.Read(ref _checksumErrors),
        Interlocked.Read(ref _protocolErrors),
        Interlocked.Read(ref _resets),
        Interlocked.Read(ref _refused),
        Interlocked.Read(ref _peersLost),
        Interlocked.Read(ref _tokenResumes),
        Interlocked.Read(ref _tokenDuplicates),
        Volatile.Read(ref _streams),
        Volatile.Read(ref _connections),
        peers);
}
