namespace OrleansServe.Transfer.Tokens;

/// <summary>A worker's channel to one gateway.</summary>
public interface ITokenChannel : IDisposable
{
    /// <summary>What the gateway knows it by.</summary>
    TokenChannelId Id { get; }

    /// <summary>Whether frames still arrive; once false it stays so.</summary>
    bool IsOpen { get; }

    /// <summary>Sends a step's tokens. The frame may be reused at once. A broken channel drops the frame: its gateway is gone or asks elsewhere.</summary>
    void Send(TokenFrame frame);
}
