using System.Net;

namespace OrleansServe.Transfer.Wire.Transports;

/// <summary>How byte streams between silos come about: sockets, or what a test puts in their place.</summary>
public interface IWireTransport
{
    /// <summary>Begins to listen.</summary>
    /// <param name="address">Address of this machine.</param>
    /// <param name="port">Port; 0 for a free one.</param>
    IWireListener Listen(IPAddress address, int port);

    /// <summary>Dials.</summary>
    /// <exception cref="ConnectionRefusedException">Nobody listens there.</exception>
    /// <exception cref="IOException">Nobody answers there.</exception>
    ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken);
}
