namespace OrleansServe.Transfer.Tokens;

/// <summary>The gateway's side of the token streams. Called on a transport's thread: take what is needed and return. Calls for one channel come one at a time.</summary>
public interface ITokenReceiver
{
    /// <summary>A worker has finished a step. The frame is valid during the call only.</summary>
    /// <param name="channel">The channel that it came over.</param>
    /// <param name="frame">The step's tokens.</param>
    void OnFrame(TokenChannelId channel, TokenFrame frame);

    /// <summary>A channel ended or broke: nothing more will come over it.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="worker">Key of the worker that had opened it.</param>
    void OnWorkerLost(TokenChannelId channel, string worker);
}
