using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Gateway.Tokens;

/// <summary>A token as it waits in a <see cref="TokenBatch"/>.</summary>
/// <param name="Sample">Which sample of the request it belongs to.</param>
/// <param name="Token">Its id.</param>
/// <param name="Logprob">Natural logarithm of its probability under the raw logits.</param>
/// <param name="TopStart">Where its likeliest tokens begin within the batch.</param>
/// <param name="TopCount">How many of them there are.</param>
/// <param name="Origin">How speculation had part in it.</param>
/// <param name="End">Whether the worker ended the request with it.</param>
/// <param name="Timestamp">When it arrived, in ticks of the time provider.</param>
internal readonly record struct ReceivedToken(
    int Sample,
    int Token,
    float Logprob,
    int TopStart,
    int TopCount,
    TokenOrigin Origin,
    TokenStreamEnd End,
    long Timestamp);
