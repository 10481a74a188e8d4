using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace OrleansServe.UnitTests.Transfer.Support;

/// <summary>A KV receiver that compares what arrives with what was sent by its hash.</summary>
internal sealed class KvSums : BlockReceiver
{
    private readonly ConcurrentDictionary<int, string> _expected = new();
    private int _matches;

    public int Matches => _matches;

    public void Expect(int block, ReadOnlySpan<byte> payload) => _expected[block] = Convert.ToHexString(SHA256.HashData(payload));

    protected override void OnBlock(Guid ticket, int layer, int block, ReadOnlySpan<byte> payload)
    {
        if (_expected[block] == Convert.ToHexString(SHA256.HashData(payload)))
        {
            Interlocked.Increment(ref _matches);
        }
    }

    public override void OnCommit(Guid ticket)
    {
    }

    public override void OnAbort(Guid ticket, string reason)
    {
    }
}
