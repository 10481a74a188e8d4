using System.Threading.Channels;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Transfer.Support;

/// <summary>A gateway that writes down each event and each loss, by channel, in order.</summary>
internal sealed class TokenRecorder : ITokenReceiver
{
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private readonly Dictionary<TokenChannelId, List<int>> _tokens = [];
    private readonly Lock _lock = new();

    /// <summary>Tokens of a channel so far.</summary>
    public int[] TokensOf(TokenChannelId channel)
    {
        lock (_lock)
        {
            return [.. _tokens.GetValueOrDefault(channel) ?? []];
        }
    }

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        foreach (TokenEvent token in frame.Events)
        {
            lock (_lock)
            {
                (_tokens.TryGetValue(channel, out List<int>? list) ? list : _tokens[channel] = []).Add(token.Token);
            }

            string top = string.Join(",", Enumerable.Range(token.TopStart, token.TopCount).Select(i => $"{frame.TopTokens[i]}:{frame.TopLogprobs[i]}"));
            string origin = token.Origin.IsDraft ? "draft" : $"{token.Origin.Drafted}";
            _events.Writer.TryWrite($"{token.RequestId:N} {token.Index} {token.Token} {token.Logprob} [{top}] {token.End} {origin} {frame.ErrorOf(token.RequestId)}");
        }
    }

    public void OnWorkerLost(TokenChannelId channel, string worker) => _events.Writer.TryWrite($"lost {worker} {channel}");

    public async Task<string> NextAsync() => await _events.Reader.ReadAsync().AsTask().WaitAsync(Limits.Patience);

    /// <summary>Waits for the next loss, past whatever tokens come before it.</summary>
    public async Task<string> NextLossAsync()
    {
        while (true)
        {
            string next = await NextAsync();
            if (next.StartsWith("lost", StringComparison.Ordinal))
            {
                return next;
            }
        }
    }

    public bool TryNext(out string? next) => _events.Reader.TryRead(out next);
}
