using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A data plane whose KV pushes stand still, deaf to cancellation, until they are let go.</summary>
internal sealed class HeldPlane : IDataPlane
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Address => "held://";

    /// <summary>Completes when the first push has begun.</summary>
    public Task Reached => _reached.Task;

    public void Release() => _released.TrySetResult();

    public void ExpectTokens(TokenChannelId channel, string worker) => throw new NotSupportedException();

    public IKvPush OpenKvPush(string address, string device, Guid ticket) => new Push(this);

    public IKvRegistration RegisterKv(string device, IKvReceiver receiver) => throw new NotSupportedException();

    public IDisposable RegisterExperts(string device, IExpertReceiver receiver) => throw new NotSupportedException();

    public IDisposable RegisterTokens(ITokenReceiver receiver) => throw new NotSupportedException();

    public IExpertChannel OpenExperts(string address, string device) => throw new NotSupportedException();

    public ITokenChannel OpenTokens(string address, string worker) => throw new NotSupportedException();

    private sealed class Push(HeldPlane plane) : IKvPush
    {
        public async ValueTask PushAsync(int layer, int block, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
        {
            plane._reached.TrySetResult();
            await plane._released.Task;
        }

        public ValueTask CommitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask AbortAsync(string reason) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
