using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Cli.Demo.Crash;

/// <summary>
/// A gateway's data plane on which tokens come slowly enough to be watched: a worker that has sent a frame is held up for a while. Nothing else of the
/// cluster knows of it.
/// </summary>
internal sealed class PacedDataPlane(IDataPlane plane) : IDataPlane, IDisposable
{
    private readonly ManualResetEventSlim _never = new(initialState: false);

    /// <summary>How long a worker is held up at each frame.</summary>
    public TimeSpan Pace { get; set; }

    public string Address => plane.Address;

    public IKvRegistration RegisterKv(string device, IKvReceiver receiver) => plane.RegisterKv(device, receiver);

    public IDisposable RegisterExperts(string device, IExpertReceiver receiver) => plane.RegisterExperts(device, receiver);

    public IDisposable RegisterTokens(ITokenReceiver receiver) => plane.RegisterTokens(new PacedReceiver(receiver, this));

    public void ExpectTokens(TokenChannelId channel, string worker) => plane.ExpectTokens(channel, worker);

    public IKvPush OpenKvPush(string address, string device, Guid ticket) => plane.OpenKvPush(address, device, ticket);

    public IExpertChannel OpenExperts(string address, string device) => plane.OpenExperts(address, device);

    public ITokenChannel OpenTokens(string address, string worker) => plane.OpenTokens(address, worker);

    public void Dispose() => _never.Dispose();

    private sealed class PacedReceiver(ITokenReceiver receiver, PacedDataPlane pace) : ITokenReceiver
    {
        public void OnFrame(TokenChannelId channel, TokenFrame frame)
        {
            receiver.OnFrame(channel, frame);
            if (pace.Pace > TimeSpan.Zero)
            {
                pace._never.Wait(pace.Pace);
            }
        }

        public void OnWorkerLost(TokenChannelId channel, string worker) => receiver.OnWorkerLost(channel, worker);
    }
}
