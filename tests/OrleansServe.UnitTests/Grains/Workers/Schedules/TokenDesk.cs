using System.Collections.Concurrent;
using OrleansServe.Transfer.Tokens;
using OrleansServe.UnitTests.Engine.Schedules;

namespace OrleansServe.UnitTests.Grains.Workers.Schedules;

/// <summary>The gateway of a worker schedule: sorts tokens by request and counts them, which is the clock that arrivals go by.</summary>
internal sealed class TokenDesk : ITokenReceiver
{
    private readonly ConcurrentDictionary<Guid, Inbox> _inboxes = new();
    private long _tokens;

    /// <summary>Raised with every frame and whenever a worker has changed.</summary>
    public Signal Changed { get; } = new();

    /// <summary>Tokens that have arrived, or that nobody needs to wait for any more.</summary>
    public long Tokens => Volatile.Read(ref _tokens);

    public void Count(long tokens)
    {
        Interlocked.Add(ref _tokens, tokens);
        Changed.Raise();
    }

    /// <summary>Opens the inbox of a request whose next token has an index.</summary>
    public Inbox Open(Guid request, int next) => _inboxes[request] = new Inbox(next);

    public void Close(Guid request) => _inboxes.TryRemove(request, out _);

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            if (_inboxes.TryGetValue(token.RequestId, out Inbox? inbox))
            {
                inbox.Add(token, frame);
            }
        }

        Count(frame.Count);
    }

    public void OnWorkerLost(TokenChannelId channel, string worker) => Changed.Raise();

    /// <summary>What has come for one request. Every token in its turn, once.</summary>
    internal sealed class Inbox(int next)
    {
        private readonly List<Outcome> _tokens = [];
        private int _next = next;
        private string? _error;
        private bool _ended;

        /// <summary>Drafts that were verified, right and wrong.</summary>
        public int Drafts { get; private set; }

        /// <summary>Those of them that were right and became tokens.</summary>
        public int Accepted { get; private set; }

        /// <summary>The tokens so far, whether more will come, and the worker's error or a fault in the order.</summary>
        public (Outcome[] Tokens, bool Ended, string? Error) Read()
        {
            lock (_tokens)
            {
                return ([.. _tokens], _ended, _error);
            }
        }

        public void Add(in TokenEvent token, TokenFrame frame)
        {
            lock (_tokens)
            {
                _error ??= _ended ? $"token {token.Index} after the end" : token.Index != _next ? $"token {token.Index} where {_next} was due" : frame.ErrorOf(token.RequestId);
                _next++;
                Drafts += token.Origin.Drafted;
                Accepted += token.Origin.IsDraft ? 1 : 0;
                _ended |= token.End != TokenStreamEnd.None;
                if (token.End < TokenStreamEnd.Failed)
                {
                    _tokens.Add(Outcome.Of(
                        token.Token, token.Logprob, frame.TopTokens.Slice(token.TopStart, token.TopCount), frame.TopLogprobs.Slice(token.TopStart, token.TopCount)));
                }
            }
        }
    }
}
