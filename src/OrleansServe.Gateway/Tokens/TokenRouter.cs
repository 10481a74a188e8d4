using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Gateway.Tokens;

/// <summary>Hands the tokens that reach this gateway to their sessions, and tells them when nothing more will come.</summary>
internal sealed partial class TokenRouter : ITokenReceiver, IDisposable
{
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Guid, TokenInbox> _inboxes = new();
    private readonly TokenDeliveries _deliveries = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _longestSilence;
    private readonly ILogger<TokenRouter> _logger;
    private readonly IDataPlane _plane;
    private readonly IDisposable _registration;
    private readonly ITimer _watch;

    /// <param name="plane">Where tokens arrive.</param>
    /// <param name="time">The clock.</param>
    /// <param name="longestSilence">How long a session waits for a token before it takes the worker for gone.</param>
    /// <param name="logger">Receives what the clients are not told.</param>
    public TokenRouter(IDataPlane plane, TimeProvider time, TimeSpan longestSilence, ILogger<TokenRouter> logger)
    {
        _time = time;
        _longestSilence = longestSilence;
        _logger = logger;
        Address = plane.Address;
        _plane = plane;
        _registration = plane.RegisterTokens(this);
        TimeSpan period = longestSilence / 4 < LongestPeriod ? longestSilence / 4 : LongestPeriod;
        _watch = time.CreateTimer(static router => ((TokenRouter)router!).StopStalled(), this, period, period);
    }

    /// <summary>Where workers send tokens to.</summary>
    public string Address { get; }

    /// <summary>Samples that await tokens.</summary>
    public int Count => _inboxes.Count;

    /// <summary>Opens a request's inbox; it must be closed.</summary>
    /// <exception cref="InvalidOperationException">The request has one already.</exception>
    public void Open(TokenInbox inbox)
    {
        foreach (Guid id in inbox.Ids)
        {
            if (!_inboxes.TryAdd(id, inbox))
            {
                Close(inbox);
                throw new InvalidOperationException($"Request {inbox.RequestId:N} awaits tokens already.");
            }
        }
    }

    /// <summary>The worker has taken the request in and said over which channel its tokens come.</summary>
    public void Expect(TokenInbox inbox, TokenChannelId channel)
    {
        if (channel == default)
        {
            // It has not said; the first token will.
            return;
        }

        inbox.Bind(channel);
        _plane.ExpectTokens(channel, inbox.Worker);
    }

    /// <summary>Closes a request's inbox: tokens under way to it are dropped from now on.</summary>
    public void Close(TokenInbox inbox)
    {
        bool open = false;
        foreach (Guid id in inbox.Ids)
        {
            open |= _inboxes.TryRemove(new KeyValuePair<Guid, TokenInbox>(id, inbox));
        }

        if (open && inbox.Duplicates > 0)
        {
            LogDuplicates(_logger, inbox.RequestId, inbox.Worker, inbox.Duplicates);
        }
    }

    /// <inheritdoc/>
    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        long now = _time.GetTimestamp();
        TokenDelivery? delivery = null;
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            if (_inboxes.TryGetValue(token.RequestId, out TokenInbox? inbox) && inbox.Takes(channel) && inbox.Offer(in token, frame, now))
            {
                delivery ??= _deliveries.Take();
                if (delivery.Add(inbox))
                {
                    delivery.Send();
                    delivery = null;
                }
            }
        }

        delivery?.Send();
    }

    /// <inheritdoc/>
    public void OnWorkerLost(TokenChannelId channel, string worker)
    {
        int sessions = 0;
        foreach ((Guid id, TokenInbox inbox) in _inboxes)
        {
            if (inbox.Worker == worker && id == inbox.RequestId && inbox.Lose(channel))
            {
                sessions++;
            }
        }

        if (sessions > 0)
        {
            LogWorkerLost(_logger, worker, sessions);
        }
        else
        {
            LogWorkerGone(_logger, worker);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _registration.Dispose();
    }

    private void StopStalled()
    {
        long now = _time.GetTimestamp();
        foreach (TokenInbox inbox in _inboxes.Values)
        {
            inbox.StopIfStalled(_time, now, _longestSilence);
        }
    }
}
