using System.Threading.Channels;
using OrleansServe.Transfer.Kv;

namespace OrleansServe.UnitTests.Transfer.Support;

/// <summary>A KV receiver that writes down each part, and refuses those from one on.</summary>
internal sealed class PartLog : IKvReceiver
{
    private readonly Channel<(string What, byte[] Payload)> _events = Channel.CreateUnbounded<(string, byte[])>();

    /// <summary>Parts from this one on are refused.</summary>
    public int RefusedPart { get; init; } = int.MaxValue;

    /// <summary>What each part waits for once it is written down.</summary>
    public SemaphoreSlim? Gate { get; init; }

    /// <summary>Parts that have come.</summary>
    public int Parts { get; private set; }

    public void OnPart(Guid ticket, KvPart part, ReadOnlySpan<byte> payload)
    {
        if (++Parts > RefusedPart)
        {
            throw new KvTransferException(ticket, $"no room for block {part.Block}.");
        }

        _events.Writer.TryWrite(($"part {part} of {payload.Length}", payload.ToArray()));
        Gate?.Wait(Limits.Patience);
    }

    public void OnCommit(Guid ticket) => _events.Writer.TryWrite(("commit", []));

    public void OnAbort(Guid ticket, string reason) => _events.Writer.TryWrite(($"abort {reason}", []));

    public async Task<(string What, byte[] Payload)> NextAsync() => await _events.Reader.ReadAsync().AsTask().WaitAsync(Limits.Patience);
}
