using System.Net;
using System.Net.Sockets;

namespace OrleansServe.Transfer.Wire.Transports;

/// <summary>TCP. Nothing waits to be joined with what follows: the data plane joins small frames itself.</summary>
public sealed class SocketTransport : IWireTransport
{
    private const int Backlog = 512;

    /// <inheritdoc/>
    public IWireListener Listen(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            return new Listener(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"The data plane cannot listen on {address}:{port}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host.Trim('[', ']'), port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw e.SocketErrorCode == SocketError.ConnectionRefused ? new ConnectionRefusedException(host, port) : new IOException(e.Message, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class Listener(Socket socket) : IWireListener
    {
        public int Port { get; } = ((IPEndPoint)socket.LocalEndPoint!).Port;

        public async ValueTask<(Stream Stream, string Remote)> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                Socket accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                accepted.NoDelay = true;
                return (new NetworkStream(accepted, ownsSocket: true), (accepted.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "unknown");
            }
            catch (SocketException e)
            {
                throw new IOException(e.Message, e);
            }
        }

        public void Dispose() => socket.Dispose();
    }
}
