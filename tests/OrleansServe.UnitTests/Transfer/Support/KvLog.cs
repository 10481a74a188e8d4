using System.Threading.Channels;
using OrleansServe.Transfer.Kv;
using Xunit;

namespace OrleansServe.UnitTests.Transfer.Support;

/// <summary>A KV receiver that writes down what it is told, in order, and refuses what it is asked to.</summary>
internal sealed class KvLog : BlockReceiver
{
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();

    public int RefusedBlock { get; init; } = -1;

    public bool RefusesCommit { get; init; }

    protected override void OnBlock(Guid ticket, int layer, int block, ReadOnlySpan<byte> payload)
    {
        if (block == RefusedBlock)
        {
            throw new KvTransferException(ticket, $"block {block} is not wanted.");
        }

        _events.Writer.TryWrite($"{ticket:N} block {layer} {block} {Convert.ToHexString(payload)}");
    }

    public override void OnCommit(Guid ticket) =>
        _events.Writer.TryWrite(RefusesCommit ? throw new KvTransferException(ticket, "not yet.") : $"{ticket:N} commit");

    public override void OnAbort(Guid ticket, string reason) => _events.Writer.TryWrite($"{ticket:N} abort");

    /// <summary>What it is told next, however long that takes within reason.</summary>
    public async Task<string> NextAsync() => await _events.Reader.ReadAsync().AsTask().WaitAsync(Limits.Patience);

    public async Task ExpectAsync(Guid ticket, params string[] events)
    {
        foreach (string expected in events)
        {
            Assert.Equal($"{ticket:N} {expected}", await NextAsync());
        }
    }

    public void AssertNothingMore() => Assert.False(_events.Reader.TryRead(out string? more), more);
}
