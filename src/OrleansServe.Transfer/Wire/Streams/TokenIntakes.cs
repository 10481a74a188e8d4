using OrleansServe.Transfer.Tokens;
using OrleansServe.Transfer.Wire.Connections;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>
/// Token channels to this silo's gateway, over the connections that carry them: a channel whose connection broke is kept for a while, and one that has ended
/// never comes back.
/// </summary>
internal sealed class TokenIntakes(TimeProvider time, TimeSpan resumeLimit) : IDisposable
{
    private const int MaxChannels = 4096;
    private const int RememberedEnds = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<TokenChannelId, TokenChannelState> _channels = [];
    private readonly HashSet<TokenChannelId> _ended = [];
    private readonly Queue<TokenChannelId> _endOrder = new();

    /// <summary>How many there are, those that wait for a connection included.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _channels.Count;
            }
        }
    }

    /// <summary>A channel is about to open. Does nothing where it has, or has ended.</summary>
    public void Expect(WireContext context, TokenChannelId id, string worker, ITokenReceiver receiver)
    {
        lock (_lock)
        {
            if (_ended.Contains(id) || _channels.ContainsKey(id) || _channels.Count >= MaxChannels)
            {
                return;
            }

            // Its first connection has yet to be dialled.
            TokenChannelState state = new(this, id, worker, receiver, context.Observer, time, resumeLimit);
            _channels.Add(id, state);
            state.StartDeadline(context.Options.HandshakeTimeout);
        }
    }

    /// <summary>Opens a channel, or lets one go on over another connection.</summary>
    public TokenIntake? TryAttach(WireContext context, ServerConnection connection, uint stream, OpenFrame open, ITokenReceiver receiver, out string? refusal)
    {
        TokenChannelId id = new(open.Id);
        TokenChannelState? state;
        lock (_lock)
        {
            if (!_channels.TryGetValue(id, out state))
            {
                refusal = _ended.Contains(id) || open.Position > 0 ? "the gateway has given the channel up"
                    : _channels.Count >= MaxChannels ? $"{MaxChannels} token channels are open, which is the limit"
                    : null;
                if (refusal is not null)
                {
                    return null;
                }

                state = new TokenChannelState(this, id, open.Name, receiver, context.Observer, time, resumeLimit);
                _channels.Add(id, state);
            }
        }

        TokenIntake intake = new(context, connection, stream, state);
        refusal = state.Attach(intake, open.Attempt);
        if (refusal is not null)
        {
            return null;
        }

        intake.Begin(isResumed: open.Position > 0 || state.Taken > 0);
        return intake;
    }

    /// <summary>The channel is over.</summary>
    public void Remove(TokenChannelId id)
    {
        lock (_lock)
        {
            if (_channels.Remove(id) && _ended.Add(id))
            {
                _endOrder.Enqueue(id);
                if (_endOrder.Count > RememberedEnds)
                {
                    _ended.Remove(_endOrder.Dequeue());
                }
            }
        }
    }

    /// <summary>Ends all of them: the gateway hears that its workers are lost.</summary>
    public void Dispose()
    {
        TokenChannelState[] left;
        lock (_lock)
        {
            left = [.. _channels.Values];
        }

        foreach (TokenChannelState state in left)
        {
            state.End();
        }
    }
}
