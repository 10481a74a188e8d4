namespace OrleansServe.Transfer.Wire;

/// <summary>What a silo's data plane has done since it started. The last three are as they stand now.</summary>
/// <param name="BytesSent">Bytes written to connections, headers included.</param>
/// <param name="BytesReceived">Bytes of whole frames read from connections, headers included.</param>
/// <param name="FramesSent">Frames written.</param>
/// <param name="FramesReceived">Frames read whose checksum held.</param>
/// <param name="ChecksumErrors">Frames whose checksum did not hold.</param>
/// <param name="ProtocolErrors">Connections given up because a peer broke the protocol, checksums included.</param>
/// <param name="Resets">Streams that ended early, by either side.</param>
/// <param name="Refused">Connections refused at the handshake.</param>
/// <param name="PeersLost">Connections that broke or went silent.</param>
/// <param name="TokenResumes">Token channels that went on over a new connection.</param>
/// <param name="TokenDuplicates">Token frames that came again after a resume and were dropped.</param>
/// <param name="StreamsOpen">Streams open now, in both directions.</param>
/// <param name="Connections">Connections open now, in both directions.</param>
/// <param name="Peers">Addresses that this silo is connected to now.</param>
public readonly record struct WireCounters(
    long BytesSent,
    long BytesReceived,
    long FramesSent,
    long FramesReceived,
    long ChecksumErrors,
    long ProtocolErrors,
    long Resets,
    long Refused,
    long PeersLost,
    long TokenResumes,
    long TokenDuplicates,
    int StreamsOpen,
    int Connections,
    int Peers);
