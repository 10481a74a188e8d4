using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A gateway that remembers which request failed, and what the engine's thread, which calls it, had allocated before each token.</summary>
internal sealed class TokenLog : ITokenReceiver
{
    private readonly TaskCompletionSource<string> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What the first request that failed was told.</summary>
    public Task<string> Failure => _failure.Task;

    /// <summary>Completes with the last token of a request.</summary>
    public Task Ended => _ended.Task;

    /// <summary>[tokens] bytes by index of the token.</summary>
    public long[] AllocatedBefore { get; } = new long[300];

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            AllocatedBefore[token.Index] = GC.GetAllocatedBytesForCurrentThread();
            if (token.End == TokenStreamEnd.Length)
            {
                _ended.TrySetResult();
            }
            else if (token.End >= TokenStreamEnd.Failed)
            {
                _failure.TrySetResult(frame.ErrorOf(token.RequestId) ?? "");
            }
        }
    }

    public void OnWorkerLost(TokenChannelId channel, string worker)
    {
    }
}
