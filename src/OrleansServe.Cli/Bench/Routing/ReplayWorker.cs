using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Cli.Bench.Routing;

/// <summary>A prefill worker without an engine: its block pool, which reports to the router at once, and its queue, which empties at a steady rate.</summary>
internal sealed class ReplayWorker
{
    private readonly KvBlockPool _pool;
    private readonly double _tokensPerSecond;
    private readonly int _kvBlockTokens;
    private double _queued;
    private long _at;

    public ReplayWorker(PrefillRouter router, RoutingSetup setup)
    {
        _pool = new KvBlockPool(setup.BlocksPerWorker * (RoutingReplay.TraceBlockTokens / setup.KvBlockTokens), setup.KvBlockTokens);
        _tokensPerSecond = setup.TokensPerSecond;
        _kvBlockTokens = setup.KvBlockTokens;
        Slot = router.AddWorker();
        _pool.NameChanged = (name, added) =>
        {
            if (added)
            {
                router.Hold(Slot, name);
            }
            else
            {
                router.Drop(Slot, name);
            }
        };
    }

    public int Slot { get; }

    public long InputTokens { get; private set; }

    public long ComputedTokens { get; private set; }

    /// <summary>KV memory in the balancer's blocks.</summary>
    public int KvBlocksTotal => (int)((long)_pool.Count * _kvBlockTokens / KvBlockHasher.BlockTokens);

    public long QueuedAt(long milliseconds)
    {
        _queued = Math.Max(0, _queued - ((milliseconds - _at) * _tokensPerSecond / 1000));
        _at = milliseconds;
        return (long)_queued;
    }

    /// <summary>Takes a prompt in, and lets go of it at once.</summary>
    /// <param name="promptTokens">Its length.</param>
    /// <param name="names">Names of its full blocks.</param>
    /// <returns>Tokens found in the cache.</returns>
    public long Serve(int promptTokens, ReadOnlySpan<UInt128> names)
    {
        int[] blocks = new int[(promptTokens + _kvBlockTokens - 1) / _kvBlockTokens];
        int found = _pool.AcquirePrefix(names, blocks);
        if (!_pool.TryAllocate(blocks.AsSpan(found)))
        {
            throw new InvalidOperationException($"A worker of {_pool.Count} blocks was given a prompt of {blocks.Length}.");
        }

        for (int i = found; i < names.Length; i++)
        {
            _pool.Publish(blocks[i], names[i]);
        }

        _pool.Release(blocks);
        long cached = (long)found * _kvBlockTokens;
        InputTokens += promptTokens;
        ComputedTokens += promptTokens - cached;
        _queued += _tokensPerSecond > 0 ? promptTokens - cached : 0;
        return cached;
    }
}
