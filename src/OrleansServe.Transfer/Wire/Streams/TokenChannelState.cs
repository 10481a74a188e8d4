using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>
/// What a gateway knows of one token channel, whichever connection carries it: how far it has come, and who hears of it. Every frame is handed on exactly once
/// and in order; a frame that came before is dropped, one that leaves a gap is a broken connection.
/// </summary>
internal sealed class TokenChannelState
{
    private readonly Lock _lock = new();
    private readonly TokenIntakes _owner;
    private readonly TokenChannelId _id;
    private readonly string _worker;
    private readonly ITokenReceiver _receiver;
    private readonly IWireObserver _observer;
    private readonly TimeSpan _resumeLimit;
    private readonly ITimer _deadline;
    private readonly TokenFrame _frame = new();
    private TokenIntake? _carrier;
    private uint _attempt;
    private bool _isOver;
    private ulong _taken;

    public TokenChannelState(
        TokenIntakes owner, TokenChannelId id, string worker, ITokenReceiver receiver, IWireObserver observer, TimeProvider time, TimeSpan resumeLimit)
    {
        _owner = owner;
        _id = id;
        _worker = worker;
        _receiver = receiver;
        _observer = observer;
        _resumeLimit = resumeLimit;
        _deadline = time.CreateTimer(static self => ((TokenChannelState)self!).EndUnlessCarried(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Position up to which frames have been handed on.</summary>
    public ulong Taken
    {
        get
        {
            lock (_lock)
            {
                return _taken;
            }
        }
    }

    /// <summary>
    /// The channel goes on here; wherever it was carried before, nothing more is taken from there. A connection that broke may have been slower than the one that took
    /// its place: what the worker opened first must not take the channel back.
    /// </summary>
    /// <returns>Null, or why it does not.</returns>
    public string? Attach(TokenIntake carrier, uint attempt)
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return "the gateway has given the channel up";
            }

            if (attempt <= _attempt)
            {
                return $"the channel goes on over connection {_attempt} already, this was its {attempt}.";
            }

            _attempt = attempt;
            _carrier = carrier;
            _deadline.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return null;
        }
    }

    /// <summary>Takes a frame from a carrier.</summary>
    /// <param name="carrier">Where it came.</param>
    /// <param name="payload">The frame.</param>
    /// <param name="isNew">False where it had come before.</param>
    /// <returns>Position up to which everything has been taken; null where the carrier is no longer the channel's.</returns>
    /// <exception cref="WireFormatException">A frame is missing before this one, or it is none.</exception>
    public ulong? Take(TokenIntake carrier, ReadOnlySpan<byte> payload, out bool isNew)
    {
        lock (_lock)
        {
            isNew = false;
            if (_isOver || _carrier != carrier)
            {
                return null;
            }

            ulong position = TokenFrameCodec.ReadPosition(payload);
            if (position <= _taken)
            {
                return _taken;
            }

            if (position != _taken + 1)
            {
                throw new WireFormatException($"token frame {position} came where {_taken + 1} was due");
            }

            TokenFrameCodec.Read(payload, _frame);
            isNew = true;
            _taken = position;
            Guard(static (state, frame) => state._receiver.OnFrame(state._id, frame), _frame);
            return _taken;
        }
    }

    /// <summary>The channel has this long to find a carrier.</summary>
    public void StartDeadline(TimeSpan limit) => _deadline.Change(limit, Timeout.InfiniteTimeSpan);

    /// <summary>The connection that carried the channel broke: another may take over within the limit.</summary>
    public void Detach(TokenIntake carrier)
    {
        lock (_lock)
        {
            if (_carrier == carrier && !_isOver)
            {
                _carrier = null;
                _deadline.Change(_resumeLimit, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Nothing more will come; the gateway is told.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            _carrier = null;
            _deadline.Dispose();
            _owner.Remove(_id);
            Guard(static (state, _) => state._receiver.OnWorkerLost(state._id, state._worker), _frame);
        }
    }

    /// <summary>No connection will take over any more; nothing ends where one has already.</summary>
    public void EndUnlessCarried()
    {
        lock (_lock)
        {
            if (_carrier is null)
            {
                End();
            }
        }
    }

    private void Guard(Action<TokenChannelState, TokenFrame> call, TokenFrame frame)
    {
        try
        {
            call(this, frame);
        }
#pragma warning disable CA1031 // A gateway that throws must not take the connection, and with it everyone else's tokens, down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _observer.OnReceiverFault($"token receiver, worker {_worker}", e);
        }
    }
}
