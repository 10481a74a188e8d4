using System.Runtime.CompilerServices;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>
/// The sending end of one KV transfer. A payload is written to the socket from where it lies, in parts; a call returns only when it is not read any more, so that a part whose
/// writing has begun is not cut short by cancellation but by the end of the connection, which comes with the keep-alive at the latest. A call that is cancelled between two
/// parts ends the transfer.
/// </summary>
internal sealed class WireKvPush(WireContext context, PeerLink link, string address, string device, Guid ticket) : ClientStream, IKvPush
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<ClientConnection?> _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _confirmed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SendCredit _credit = new();
    private readonly KvBlockFrame _frame = new();
    private ClientConnection? _connection;
    private uint _id;
    private volatile bool _committed;
    private bool _ended;
    private bool _refused;
    private string _fault = "the transfer has ended.";

    /// <summary>Begins to reach the peer.</summary>
    /// <exception cref="PeerUnreachableException">It could not be reached a moment ago.</exception>
    public void Start() => link.Open(this);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask PushAsync(int layer, int block, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        ClientConnection connection = await ConnectedAsync(cancellationToken).ConfigureAwait(false);
        if (payload.Length > connection.Welcome.MaxKvBytes)
        {
            throw new KvTransferException(ticket, $"a payload of {payload.Length} bytes is longer than the {connection.Welcome.MaxKvBytes} that the receiver takes.");
        }

        KvPart part = KvPart.Whole(layer, block, payload.Length);
        try
        {
            do
            {
                ReadOnlyMemory<byte> bytes = payload.Slice(part.Offset, Math.Min(payload.Length - part.Offset, KvPart.MaxBytes));
                await WriteAsync(connection, part, bytes, cancellationToken).ConfigureAwait(false);
                part = part with { Offset = part.Offset + bytes.Length };
            }
            while (part.Offset < payload.Length);
        }
        catch (OperationCanceledException)
        {
            await AbortAsync("the sender gave up").ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        ClientConnection connection = await ConnectedAsync(cancellationToken).ConfigureAwait(false);
        connection.Writer.Send(FrameType.KvCommit, _id, default);
        await _confirmed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!_committed)
        {
            ThrowIfEnded();
        }
    }

    public ValueTask AbortAsync(string reason)
    {
        if (End("the transfer has ended.", refused: true) && _connection is { } connection)
        {
            ResetFrame.Send(connection, context.Statistics, _id, reason);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => AbortAsync("the sender gave up");

    public override void OnAttached(ClientConnection connection, uint id)
    {
        lock (_lock)
        {
            if (_ended)
            {
                // Given up before there was a connection; the number is used all the same.
                connection.Detach(id);
            }

            _connection = connection;
            _id = id;
            WireBuffer open = new();
            new OpenFrame(StreamKind.Kv, ticket, device, 0).Write(open);
            connection.Writer.Send(FrameType.Open, id, open.Span);
            if (_ended)
            {
                ResetFrame.Send(connection, context.Statistics, id, "the sender gave up");
            }
        }

        _credit.Grant(connection.Welcome.KvWindow);
        _attached.TrySetResult(connection);
    }

    public override void OnFrame(FrameType type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.Window:
                _credit.Grant(new FieldReader(payload, type).UInt32());
                return;
            case FrameType.KvCommitted:
                _committed = true;
                End("the transfer has ended.", refused: true);
                return;
            case FrameType.Reset:
                End(ResetFrame.Read(payload), refused: true);
                return;
            default:
                throw new WireFormatException($"{type} has no place in the answer to a KV transfer");
        }
    }

    public override void OnLost(string reason, bool isGone) => End(reason, refused: false);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(ClientConnection connection, KvPart part, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _credit.TakeAsync(bytes.Length, cancellationToken).ConfigureAwait(false);
        ThrowIfEnded();
        _frame.Fill(_id, part, bytes);
        await connection.Writer.WriteAsync(_frame).ConfigureAwait(false);
        if (await _frame.Written.ConfigureAwait(false) is { } fault)
        {
            throw new PeerUnreachableException(address, fault);
        }

        ThrowIfEnded();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async ValueTask<ClientConnection> ConnectedAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ThrowIfEnded();
        ClientConnection? connection = await _attached.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        ThrowIfEnded();
        return connection!;
    }

    private bool End(string fault, bool refused)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return false;
            }

            _ended = true;
            _fault = fault;
            _refused = refused;
        }

        _connection?.Detach(_id);
        _attached.TrySetResult(null);
        _confirmed.TrySetResult();
        _credit.Stop();
        return true;
    }

    private void ThrowIfEnded()
    {
        lock (_lock)
        {
            if (_ended)
            {
                throw _refused ? new KvTransferException(ticket, _fault) : new PeerUnreachableException(address, _fault);
            }
        }
    }
}
