using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A gateway that keeps the events of one stream.</summary>
internal sealed class StreamLog : ITokenReceiver
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Every event in order; complete once <see cref="Ended"/> is.</summary>
    public List<TokenEvent> Events { get; } = [];

    public Task Ended => _ended.Task;

    public void OnFrame(TokenChannelId channel, TokenFrame frame)
    {
        foreach (ref readonly TokenEvent token in frame.Events)
        {
            Events.Add(token);
            if (token.End != TokenStreamEnd.None)
            {
                _ended.TrySetResult();
            }
        }
    }

    public void OnWorkerLost(TokenChannelId channel, string worker)
    {
    }
}
