using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>
/// The worker's end of a token channel. It outlives a connection that breaks: frames are kept until the gateway has confirmed them, and a new connection
/// goes on behind the last that arrived. It is lost when that takes too long, when too much is kept, or when the gateway says so.
/// </summary>
internal sealed class WireTokenChannel(WireContext context, PeerLink link, string worker) : ClientStream, ITokenChannel
{
    private readonly Lock _lock = new();
    private readonly TokenOutbox _outbox = new(context.Options.TokenBacklogBytes, context.Options.MaxTokenFrameBytes);
    private ClientConnection? _connection;
    private uint _stream;
    private bool _isFlowing;
    private bool _isEndSent;
    private uint _attempts;
    private volatile bool _isClosing;
    private volatile bool _isOver;
    private long _interruptedAt = context.Time.GetTimestamp();
    private bool _isInterrupted = true;

    public TokenChannelId Id { get; } = TokenChannelId.Create();

    public bool IsOpen => !_isOver && !_isClosing;

    /// <summary>Why it is over, for whoever looks into it.</summary>
    public string? Fault { get; private set; }

    /// <summary>Begins to reach the gateway.</summary>
    /// <exception cref="PeerUnreachableException">It could not be reached a moment ago.</exception>
    public void Start() => link.Open(this);

    public void Send(TokenFrame frame)
    {
        lock (_lock)
        {
            if (_isOver || _isClosing)
            {
                return;
            }

            if (_outbox.Add(frame) is { } fault)
            {
                End(fault, tell: true);
            }
            else if (_isFlowing)
            {
                // A connection that takes no more is about to say that it has ended; the frame is kept for the next.
                _isFlowing = _connection!.Writer.Send(FrameType.Tokens, _stream, _outbox.Frame(_outbox.Last));
            }
        }
    }

    /// <summary>
    /// Ends the channel behind its last frame. It is kept until the gateway has confirmed everything, over another connection if need be: a gateway that never
    /// heard of the channel would wait for its tokens.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isFlowing && !_isClosing)
            {
                Finish();
            }

            _isClosing = true;
        }
    }

    public override void OnAttached(ClientConnection connection, uint id)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                connection.Detach(id);
            }

            _connection = connection;
            _stream = id;
            WireBuffer open = new();
            new OpenFrame(StreamKind.Tokens, Id.Value, worker, _outbox.Acknowledged, ++_attempts).Write(open);
            connection.Writer.Send(FrameType.Open, id, open.Span);
            if (_isOver)
            {
                connection.Writer.Send(FrameType.TokensEnd, id, default);
                return;
            }

            if (_attempts == 1)
            {
                Flow();
            }

            // Else the gateway says first what it has.
        }
    }

    public override void OnFrame(FrameType type, ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            switch (type)
            {
                case FrameType.TokensTaken:
                    _outbox.Acknowledge(new FieldReader(payload, type).UInt64());
                    if (!_isFlowing && !_isOver)
                    {
                        Flow();
                    }

                    if (_isEndSent && _outbox.Acknowledged == _outbox.Last)
                    {
                        End("the worker closed it", tell: false);
                    }

                    return;
                case FrameType.Reset:
                    End(ResetFrame.Read(payload), tell: false);
                    return;
                default:
                    throw new WireFormatException($"{type} has no place in the answer to a token channel");
            }
        }
    }

    public override void OnLost(string reason, bool isGone)
    {
        lock (_lock)
        {
            _connection = null;
            _isFlowing = false;
            _isEndSent = false;
            if (_isOver)
            {
                return;
            }

            if (!_isInterrupted)
            {
                _isInterrupted = true;
                _interruptedAt = context.Time.GetTimestamp();
            }

            if (isGone || context.Ending.IsCancellationRequested || context.Time.GetElapsedTime(_interruptedAt) > context.Options.ResumeLimit)
            {
                End(reason, tell: false);
                return;
            }
        }

        link.Resume(this);
    }

    private void Flow()
    {
        _isInterrupted = false;
        _isFlowing = true;
        for (ulong position = _outbox.Acknowledged + 1; position <= _outbox.Last && _isFlowing; position++)
        {
            _isFlowing = _connection!.Writer.Send(FrameType.Tokens, _stream, _outbox.Frame(position));
        }

        if (_isClosing && _isFlowing)
        {
            Finish();
        }
    }

    private void Finish()
    {
        _connection!.Writer.Send(FrameType.TokensEnd, _stream, default);
        _isEndSent = true;
    }

    private void End(string fault, bool tell)
    {
        if (_isOver)
        {
            return;
        }

        Fault = fault;
        _isOver = true;
        _isFlowing = false;
        if (_connection is { } connection)
        {
            if (tell)
            {
                ResetFrame.Send(connection, context.Statistics, _stream, fault);
            }

            connection.Detach(_stream);
        }
    }
}
