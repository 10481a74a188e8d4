using System.Security.Authentication;
using OrleansServe.Transfer.Wire.Framing;
using OrleansServe.Transfer.Wire.Transports;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>The way to a peer for one purpose: dials when something wants to go there, and again when it breaks while something still wants to.</summary>
internal sealed class PeerLink(WireContext context, WireAddress address, WireLane lane)
{
    private static readonly TimeSpan RefusedDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<ClientStream> _waiting = [];
    private ClientConnection? _connection;
    private bool _running;
    private string? _failure;
    private long _failedAt;
    private TimeSpan _delay;

    /// <summary>Whether the peer is connected, or something waits for it.</summary>
    public bool IsInUse
    {
        get
        {
            lock (_lock)
            {
                return _running;
            }
        }
    }

    /// <summary>Whether a connection is up.</summary>
    public bool IsConnected
    {
        get
        {
            lock (_lock)
            {
                return _connection is not null;
            }
        }
    }

    /// <summary>Attaches a stream to the connection, which is dialled if need be. Waits for nothing.</summary>
    /// <exception cref="PeerUnreachableException">The peer could not be reached a moment ago.</exception>
    public void Open(ClientStream stream)
    {
        lock (_lock)
        {
            if (_connection is null && _failure is { } failure && context.Time.GetElapsedTime(_failedAt) < _delay)
            {
                throw new PeerUnreachableException(address.ToString(), failure);
            }

            if (_waiting.Count >= context.Options.MaxStreams)
            {
                throw new PeerUnreachableException(address.ToString(), $"{context.Options.MaxStreams} streams wait for the connection, which is the limit");
            }
        }

        Resume(stream);
    }

    /// <summary>As <see cref="Open"/>, but for a stream that has patience: a peer that could not be reached is dialled again.</summary>
    public void Resume(ClientStream stream)
    {
        while (true)
        {
            ClientConnection? connection;
            lock (_lock)
            {
                connection = _connection;
            }

            if (connection?.TryAttach(stream) == true)
            {
                return;
            }

            lock (_lock)
            {
                if (_connection is not null && _connection != connection)
                {
                    continue;
                }

                _waiting.Add(stream);
                if (_running)
                {
                    return;
                }

                _running = true;
            }

            context.Tasks.Run($"connection to {address}", RunAsync);
            return;
        }
    }

    /// <summary>Ends the connection in order.</summary>
    public Task CloseAsync(string reason)
    {
        ClientConnection? connection;
        lock (_lock)
        {
            connection = _connection;
        }

        return connection?.CloseAsync(reason) ?? Task.CompletedTask;
    }

    /// <summary>Breaks the connection.</summary>
    public void Fail(string reason)
    {
        lock (_lock)
        {
            _connection?.Fail(reason);
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            ClientConnection? connection = null;
            string failure = string.Empty;
            bool isGone = false;
            try
            {
                await WaitForTurnAsync().ConfigureAwait(false);
                if (context.IsLeaving)
                {
                    throw new IOException("this data plane has ended");
                }

                connection = await DialAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or WireFormatException or HandshakeRefusedException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
            {
                failure = Describe(e);
                isGone = e is ConnectionRefusedException or HandshakeRefusedException { Code: RefusalCode.Incarnation };
            }

            foreach (ClientStream stream in Dialled(connection, failure))
            {
                if (connection is null)
                {
                    stream.OnLost(failure, isGone);
                }
                else if (!connection.TryAttach(stream))
                {
                    stream.OnLost("the connection ended", isGone: false);
                }
            }

            if (connection is not null)
            {
                if (context.Ending.IsCancellationRequested)
                {
                    connection.Fail("this data plane has ended", orderly: true);
                }

                // One that comes up while the others are said goodbye to is one of them.
                Task farewell = context.IsLeaving ? connection.CloseAsync("the silo stops") : Task.CompletedTask;
                await connection.RunAsync().ConfigureAwait(false);
                await farewell.ConfigureAwait(false);
            }

            if (!GoesOn())
            {
                return;
            }
        }
    }

    private async Task WaitForTurnAsync()
    {
        TimeSpan wait;
        lock (_lock)
        {
            wait = _failure is null ? TimeSpan.Zero : _delay - context.Time.GetElapsedTime(_failedAt);
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, context.Time, context.Ending.Token).ConfigureAwait(false);
        }
    }

    private async Task<ClientConnection> DialAsync()
    {
        using DialLimit limit = new(context.Options, context.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, context.Ending.Token);
        Stream? stream = null;
        try
        {
            stream = await context.Transport.ConnectAsync(address.Host, address.Port, either.Token).ConfigureAwait(false);
            if (context.Options.Tls is { } tls)
            {
                stream = await TlsStreams.DialAsync(stream, tls, address.Host, either.Token).ConfigureAwait(false);
            }

            FrameReader reader = new(stream, FrameLimits.Answer, context.Budget, context.Statistics);
            WireOptions own = context.Options;
            Hello hello = new(Hello.CurrentVersion, own.ClusterId, own.SiloName, own.Incarnation, context.Address, address.Incarnation, lane);
            Welcome welcome = await Handshake.IntroduceAsync(stream, reader, hello, either.Token).ConfigureAwait(false);
            reader.Limits = FrameLimits.OfAcceptor(own);
            return new ClientConnection(context, stream, reader, $"{address} ({lane})", welcome);
        }
        catch (Exception e)
        {
            if (stream is not null)
            {
                await stream.DisposeAsync().ConfigureAwait(false);
            }

            if (limit.Token.IsCancellationRequested)
            {
                throw new IOException($"no answer within {limit.Length.TotalSeconds:0.###} s", e);
            }

            throw;
        }
    }

    private ClientStream[] Dialled(ClientConnection? connection, string failure)
    {
        lock (_lock)
        {
            _connection = connection;
            _failure = connection is null ? failure : null;
            _failedAt = context.Time.GetTimestamp();
            ClientStream[] waiting = [.. _waiting];
            _waiting.Clear();
            return waiting;
        }
    }

    private bool GoesOn()
    {
        lock (_lock)
        {
            _connection = null;
            return _running = _waiting.Count > 0;
        }
    }

    private string Describe(Exception fault)
    {
        bool refused = fault is HandshakeRefusedException or AuthenticationException or WireFormatException;
        if (refused)
        {
            context.Refusals.Tell(address.ToString(), (fault as HandshakeRefusedException)?.Code, fault.Message);
        }

        lock (_lock)
        {
            // Who was refused will hardly be welcome a moment later.
            _delay = refused ? RefusedDelay : context.Options.RedialDelay;
        }

        return context.Ending.IsCancellationRequested ? "this data plane has ended" : fault.Message;
    }
}
