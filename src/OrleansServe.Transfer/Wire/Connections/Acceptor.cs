using System.Collections.Concurrent;
using System.Security.Authentication;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Lets peers in: so many at once, each known and meant for this silo before it may do anything.</summary>
internal sealed class Acceptor(WireContext context, IWireListener listener) : IDisposable
{
    private readonly ConcurrentDictionary<ServerConnection, bool> _connections = new();
    private int _open;
    private int _greeting;

    /// <summary>The port listened on.</summary>
    public int Port => listener.Port;

    /// <summary>Accepts until it is disposed.</summary>
    public async Task RunAsync()
    {
        while (true)
        {
            Stream stream;
            string remote;
            try
            {
                (stream, remote) = await listener.AcceptAsync(context.Ending.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            catch (IOException e)
            {
                if (context.Ending.IsCancellationRequested)
                {
                    return;
                }

                // Too many open files, for one: that passes, and must not be asked for in a circle.
                context.Refusals.Tell("listener", null, $"accepting failed: {e.Message}");
                await Task.Delay(context.Options.RedialDelay, context.Time, CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            context.Tasks.Run($"connection from {remote}", () => ServeAsync(stream, remote));
        }
    }

    /// <summary>Ends every connection in order.</summary>
    public Task CloseAsync(string reason) => Task.WhenAll(_connections.Keys.Select(connection => connection.CloseAsync(reason)));

    /// <summary>Breaks every connection.</summary>
    public void Fail(string reason)
    {
        foreach (ServerConnection connection in _connections.Keys)
        {
            connection.Fail(reason);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    private async Task ServeAsync(Stream stream, string remote)
    {
        int open = Interlocked.Increment(ref _open);
        int greeting = Interlocked.Increment(ref _greeting);
        bool isGreeting = true;
        try
        {
            if (open > context.Options.MaxConnections || greeting > context.Options.MaxHandshakes)
            {
                context.Statistics.Refused();
                context.Refusals.Tell(remote, RefusalCode.Busy, $"{open} connections, of them {greeting} in their handshake, are open; the limits are {context.Options.MaxConnections} and {context.Options.MaxHandshakes}");
                return;
            }

            if (await GreetAsync(stream, remote).ConfigureAwait(false) is not { } connection)
            {
                return;
            }

            Interlocked.Decrement(ref _greeting);
            isGreeting = false;
            _connections[connection] = true;
            try
            {
                if (context.Ending.IsCancellationRequested)
                {
                    connection.Fail("this data plane has ended");
                }

                await connection.RunAsync().ConfigureAwait(false);
            }
            finally
            {
                _connections.TryRemove(connection, out _);
                context.Names.Leave(connection.Hello);
            }
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            Interlocked.Decrement(ref _open);
            if (isGreeting)
            {
                Interlocked.Decrement(ref _greeting);
            }
        }
    }

    private async Task<ServerConnection?> GreetAsync(Stream stream, string remote)
    {
        using CancellationTokenSource limit = new(context.Options.HandshakeTimeout, context.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.Ending.Token);
        FrameReader? reader = null;
        Stream secured = stream;
        try
        {
            if (context.Options.Tls is { } tls)
            {
                secured = await TlsStreams.AcceptAsync(stream, tls, either.Token).ConfigureAwait(false);
            }

            reader = new FrameReader(secured, FrameLimits.Stranger, context.Budget, context.Statistics);
            Hello hello = await Handshake.ReceiveAsync(secured, reader, context, remote, either.Token).ConfigureAwait(false);
            reader.Limits = FrameLimits.OfDialler(context.Options);
            context.Refusals.Forget(remote);
            return new ServerConnection(context, secured, reader, hello, remote);
        }
        catch (Exception e) when (e is HandshakeRefusedException or WireFormatException or AuthenticationException)
        {
            context.Statistics.Refused();
            context.Refusals.Tell(remote, (e as HandshakeRefusedException)?.Code, e.Message);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            if (limit.IsCancellationRequested)
            {
                context.Statistics.Refused();
                context.Refusals.Tell(remote, null, $"it did not say who it is within {context.Options.HandshakeTimeout.TotalSeconds:0.###} s");
            }
        }

        reader?.Dispose();
        await secured.DisposeAsync().ConfigureAwait(false);
        return null;
    }
}
