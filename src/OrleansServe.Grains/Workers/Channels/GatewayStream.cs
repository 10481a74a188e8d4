using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Grains.Workers.Channels;

/// <summary>One gateway's token channel and the frame that the step fills for it.</summary>
internal sealed class GatewayStream(ITokenChannel channel)
{
    public ITokenChannel Channel { get; } = channel;

    public TokenFrame Frame { get; } = new();

    /// <summary>Requests of that gateway on this worker.</summary>
    public int Requests { get; set; }
}
