using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.TestKit.Clusters;

/// <summary>
/// A barrier for streams: while it is closed, a decode worker that has sent a frame waits in the call, so that no stream is more than a step ahead
/// however fast the engine is. Open at first.
/// </summary>
public sealed class TokenGate
{
    private volatile TaskCompletionSource _opened = new();

    public TokenGate() => Open();

    public void Close() => _opened = new TaskCompletionSource();

    public void Open() => _opened.TrySetResult();

    /// <summary>A gateway's data plane whose tokens pass the gate.</summary>
    public IDataPlane Guard(IDataPlane plane) => new GuardedPlane(plane, this);

    private sealed class GuardedPlane(IDataPlane plane, TokenGate gate) : IDataPlane
    {
        public string Address => plane.Address;

        public IKvRegistration RegisterKv(string device, IKvReceiver receiver) => plane.RegisterKv(device, receiver);

        public IDisposable RegisterExperts(string device, IExpertReceiver receiver) => plane.RegisterExperts(device, receiver);

        public IDisposable RegisterTokens(ITokenReceiver receiver) => plane.RegisterTokens(new GuardedReceiver(receiver, gate));

        public void ExpectTokens(TokenChannelId channel, string worker) => plane.ExpectTokens(channel, worker);

        public IKvPush OpenKvPush(string address, string device, Guid ticket) => plane.OpenKvPush(address, device, ticket);

        public IExpertChannel OpenExperts(string address, string device) => plane.OpenExperts(address, device);

        public ITokenChannel OpenTokens(string address, string worker) => plane.OpenTokens(address, worker);
    }

    private sealed class GuardedReceiver(ITokenReceiver receiver, TokenGate gate) : ITokenReceiver
    {
        public void OnFrame(TokenChannelId channel, TokenFrame frame)
        {
            receiver.OnFrame(channel, frame);

            // A sign of life is no step: a prefill worker, which sends nothing else, is not to be held up.
            bool isStep = false;
            foreach (ref readonly TokenEvent token in frame.Events)
            {
                isStep |= !token.IsSignOfLife;
            }

            if (isStep && !gate._opened.Task.Wait(TestServingCluster.Patience))
            {
                throw new TimeoutException("The gate stayed closed.");
            }
        }

        public void OnWorkerLost(TokenChannelId channel, string worker) => receiver.OnWorkerLost(channel, worker);
    }
}
