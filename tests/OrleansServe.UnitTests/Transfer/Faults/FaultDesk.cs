using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>A gateway's receiver: sorts tokens by request and holds each against its turn.</summary>
internal sealed class FaultDesk : ITokenReceiver
{
    private readonly Dictionary<Guid, Inbox> _inboxes = [];
    private readonly HashSet<Guid> _lost = [];

    /// <summary>What is wrong with what came, whatever the others do.</summary>
    public string? Fault { get; private set; }

    public Inbox Open(Guid request, int next) => _inboxes[request] = new Inbox(next);

    public void Close(Guid request) => _inboxes.Remove(request);

    /// <summary>The request's tokens come over this channel.</summary>
    public void Name(Guid request, Guid channel)
    {
        _inboxes[request].Channel = channel;
        if (_lost.Contains(channel))
        {
            _inboxes[request].End("its channel is lost");
        }
    }

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        if (_lost.Contains(channel.Value))
        {
            Fault ??= "tokens came over a channel that had been lost";
        }

        foreach (ref readonly TokenEvent token in frame.Events)
        {
            if (_inboxes.TryGetValue(token.RequestId, out Inbox? inbox))
            {
                Fault ??= inbox.Add(token, frame.ErrorOf(token.RequestId));
            }
        }
    }

    public void OnWorkerLost(TokenChannelId channel, string worker)
    {
        Fault ??= _lost.Add(channel.Value) ? null : "a channel was lost twice";
        foreach (Inbox inbox in _inboxes.Values)
        {
            if (inbox.Channel == channel.Value)
            {
                inbox.End("its channel was lost");
            }
        }
    }

    /// <summary>What has come for one attempt.</summary>
    internal sealed class Inbox(int next)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> Tokens { get; } = [];

        public Guid Channel { get; set; }

        /// <summary>Why no more comes; null while it may, and after the last token.</summary>
        public string? Error { get; private set; }

        public Task Ended => _ended.Task;

        public void End(string? error)
        {
            if (!_ended.Task.IsCompleted)
            {
                Error = error;
                _ended.TrySetResult();
            }
        }

        public string? Add(in TokenEvent token, string? error)
        {
            if (token.IsSignOfLife)
            {
                return null;
            }

            if (_ended.Task.IsCompleted)
            {
                return Error is null ? $"token {token.Index} came after the end" : null;
            }

            if (error is not null)
            {
                End(error);
                return null;
            }

            if (token.Index != next + Tokens.Count)
            {
                return $"token {token.Index} came where {next + Tokens.Count} was due";
            }

            Tokens.Add(token.Token);
            if (token.End != TokenStreamEnd.None)
            {
                End(null);
            }

            return null;
        }
    }
}
