using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Gateway.Tokens;

/// <summary>Tokens that wait for their session. Reused, so that a steady stream allocates nothing; it grows with the longest backlog.</summary>
internal sealed class TokenBatch
{
    private ReceivedToken[] _tokens = new ReceivedToken[8];
    private int[] _topTokens = [];
    private float[] _topLogprobs = [];
    private int _topCount;

    /// <summary>How many tokens.</summary>
    public int Count { get; private set; }

    /// <summary>The tokens in order.</summary>
    public ReadOnlySpan<ReceivedToken> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>The likeliest tokens at a token's position, best first.</summary>
    public ReadOnlySpan<int> TopTokens(in ReceivedToken token) => _topTokens.AsSpan(token.TopStart, token.TopCount);

    /// <summary>Their log-probabilities.</summary>
    public ReadOnlySpan<float> TopLogprobs(in ReceivedToken token) => _topLogprobs.AsSpan(token.TopStart, token.TopCount);

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        Count = 0;
        _topCount = 0;
    }

    /// <summary>Appends a token.</summary>
    public void Add(
        int sample, int token, float logprob, ReadOnlySpan<int> topTokens, ReadOnlySpan<float> topLogprobs, TokenOrigin origin, TokenStreamEnd end, long timestamp)
    {
        if (Count == _tokens.Length)
        {
            Array.Resize(ref _tokens, Count * 2);
        }

        int needed = _topCount + topTokens.Length;
        if (needed > _topTokens.Length)
        {
            int capacity = Math.Max(needed, _topTokens.Length * 2);
            Array.Resize(ref _topTokens, capacity);
            Array.Resize(ref _topLogprobs, capacity);
        }

        topTokens.CopyTo(_topTokens.AsSpan(_topCount));
        topLogprobs.CopyTo(_topLogprobs.AsSpan(_topCount));
        _tokens[Count++] = new ReceivedToken(sample, token, logprob, _topCount, topTokens.Length, origin, end, timestamp);
        _topCount = needed;
    }
}
