using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Transfer.InProcess;

/// <summary>A token channel that hands the frame to the gateway within the call.</summary>
internal sealed class InProcessTokenChannel : ITokenChannel
{
    private readonly InProcessDataPlane _sender;
    private readonly InProcessDataPlane _peer;
    private readonly ITokenReceiver _receiver;
    private readonly string _worker;
    private int _closed;

    public InProcessTokenChannel(InProcessDataPlane sender, InProcessDataPlane peer, ITokenReceiver receiver, string worker)
    {
        _sender = sender;
        _peer = peer;
        _receiver = receiver;
        _worker = worker;
    }

    public TokenChannelId Id { get; } = TokenChannelId.Create();

    public string SenderAddress => _sender.Address;

    public bool IsOpen => Volatile.Read(ref _closed) == 0 && !_sender.IsClosed && !_peer.IsClosed;

    public void Send(TokenFrame frame)
    {
        if (IsOpen)
        {
            _receiver.OnFrame(Id, frame);
        }
    }

    /// <summary>The worker closes in an orderly way: the gateway is told too, for nothing more will come.</summary>
    public void Dispose() => Break();

    public void Break()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _peer.Forget(this);
            if (!_peer.IsClosed)
            {
                _receiver.OnWorkerLost(Id, _worker);
            }
        }
    }
}
