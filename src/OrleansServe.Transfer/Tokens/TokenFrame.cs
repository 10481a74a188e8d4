namespace OrleansServe.Transfer.Tokens;

/// <summary>What one engine step produced for one gateway. Reused from step to step: a steady stream allocates nothing.</summary>
public sealed class TokenFrame
{
    private TokenEvent[] _events = new TokenEvent[16];
    private int[] _topTokens = new int[64];
    private float[] _topLogprobs = new float[64];
    private int _topCount;
    private Dictionary<Guid, string>? _errors;

    /// <summary>Tokens, in the order of the batch.</summary>
    public ReadOnlySpan<TokenEvent> Events => _events.AsSpan(0, Count);

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>Likeliest tokens of all events, one after the other.</summary>
    public ReadOnlySpan<int> TopTokens => _topTokens.AsSpan(0, _topCount);

    /// <summary>Their log-probabilities.</summary>
    public ReadOnlySpan<float> TopLogprobs => _topLogprobs.AsSpan(0, _topCount);

    /// <summary>Empties the frame.</summary>
    public void Clear()
    {
        Count = 0;
        _topCount = 0;
        _errors?.Clear();
    }

    /// <summary>Appends a token.</summary>
    public void Add(
        Guid request, int index, int token, float logprob, ReadOnlySpan<int> topTokens, ReadOnlySpan<float> topLogprobs, TokenStreamEnd end, TokenOrigin origin = default)
    {
        if (topTokens.Length != topLogprobs.Length)
        {
            throw new ArgumentException($"{topTokens.Length} top tokens but {topLogprobs.Length} log-probabilities.", nameof(topLogprobs));
        }

        while (_topCount + topTokens.Length > _topTokens.Length)
        {
            Array.Resize(ref _topTokens, _topTokens.Length * 2);
            Array.Resize(ref _topLogprobs, _topLogprobs.Length * 2);
        }

        topTokens.CopyTo(_topTokens.AsSpan(_topCount));
        topLogprobs.CopyTo(_topLogprobs.AsSpan(_topCount));
        Append(new TokenEvent(request, index, token, logprob, _topCount, topTokens.Length, end, origin));
        _topCount += topTokens.Length;
    }

    /// <summary>Appends a sign of life of a request that waits.</summary>
    public void AddSignOfLife(Guid request) => Append(new TokenEvent(request, -1, 0, 0, _topCount, 0, TokenStreamEnd.None, default));

    /// <summary>Appends the failure of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="index">Index of the token that is missing.</param>
    /// <param name="error">Why it failed.</param>
    /// <param name="end">Whether it may go on elsewhere: <see cref="TokenStreamEnd.Failed"/>, or not: <see cref="TokenStreamEnd.Impossible"/>.</param>
    public void AddFailure(Guid request, int index, string error, TokenStreamEnd end = TokenStreamEnd.Failed)
    {
        (_errors ??= [])[request] = error;
        Append(new TokenEvent(request, index, 0, 0, _topCount, 0, end, default));
    }

    /// <summary>The error text of a failed request; null unless it failed in this frame.</summary>
    public string? ErrorOf(Guid request) => _errors?.GetValueOrDefault(request);

    private void Append(in TokenEvent tokenEvent)
    {
        if (Count == _events.Length)
        {
            Array.Resize(ref _events, _events.Length * 2);
        }

        _events[Count++] = tokenEvent;
    }
}
