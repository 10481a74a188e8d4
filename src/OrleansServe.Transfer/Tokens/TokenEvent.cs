namespace OrleansServe.Transfer.Tokens;

/// <summary>One token of one request, or the request's end.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="Index">Index of the token in the output, from 0; the token that prefill sampled has index 0. Below 0 for a sign of life.</param>
/// <param name="Token">The token's id. Not set where <paramref name="End"/> is <see cref="TokenStreamEnd.Failed"/> or <see cref="TokenStreamEnd.Impossible"/>.</param>
/// <param name="Logprob">Natural logarithm of its probability before temperature and filters.</param>
/// <param name="TopStart">Where its likeliest tokens begin in <see cref="TokenFrame.TopTokens"/>.</param>
/// <param name="TopCount">How many of them there are.</param>
/// <param name="End">Whether the request ends with this event.</param>
/// <param name="Origin">How speculation had part in it.</param>
public readonly record struct TokenEvent(
    Guid RequestId,
    int Index,
    int Token,
    float Logprob,
    int TopStart,
    int TopCount,
    TokenStreamEnd End,
    TokenOrigin Origin)
{
    /// <summary>No token: the request waits for its turn, and its worker is well.</summary>
    public bool IsSignOfLife => Index < 0;
}
