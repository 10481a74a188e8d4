using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Fleet;

/// <summary>What prefill units have cached, in the block pools of the cluster, which tell the router as workers do.</summary>
/// <param name="router">Knows who has what.</param>
/// <param name="blocks">Blocks of <see cref="TraceRequest.BlockTokens"/> tokens of a unit.</param>
internal sealed class PrefixCaches(PrefillRouter router, int blocks)
{
    private readonly Dictionary<Cell, KvBlockPool> _pools = [];

    /// <summary>The router's blocks of a unit.</summary>
    public int KvBlocks => blocks * (TraceRequest.BlockTokens / KvBlockHasher.BlockTokens);

    /// <summary>A unit begins to serve.</summary>
    public void Add(Cell cell)
    {
        int slot = cell.RouterSlot;
        _pools.Add(cell, new KvBlockPool(blocks, TraceRequest.BlockTokens)
        {
            NameChanged = (name, added) =>
            {
                if (added)
                {
                    router.Hold(slot, name);
                }
                else
                {
                    router.Drop(slot, name);
                }
            },
        });
    }

    /// <summary>A unit leaves, and what it has cached is gone.</summary>
    public void Remove(Cell cell) => _pools.Remove(cell);

    /// <summary>Computes a prompt and keeps its blocks.</summary>
    /// <returns>Tokens that were cached.</returns>
    public int Serve(Cell cell, int promptTokens, ReadOnlySpan<UInt128> names)
    {
        KvBlockPool pool = _pools[cell];
        int[] held = new int[(promptTokens + TraceRequest.BlockTokens - 1) / TraceRequest.BlockTokens];
        int found = pool.AcquirePrefix(names, held);
        if (!pool.TryAllocate(held.AsSpan(found)))
        {
            throw new InvalidOperationException($"A unit of {blocks} blocks was given a prompt of {held.Length}.");
        }

        for (int i = found; i < names.Length; i++)
        {
            pool.Publish(held[i], names[i]);
        }

        pool.Release(held);

        // The last token is always computed: its logits are what prefill is for.
        return Math.Min(promptTokens - 1, found * TraceRequest.BlockTokens);
    }
}
