using OrleansServe.Engine.Kv;
using OrleansServe.Engine.Moe;
using OrleansServe.Policies.KvBlocks;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Schedules;

/// <summary>An engine with its block pool, and the requests that run there: as much of a worker as decides bits.</summary>
internal sealed class Site(World world, int threads, int blocks, int budget, bool dividesRows, params IExpertDispatcher[] experts) : IDisposable
{
    public EngineDriver Driver { get; } = new(world.Weights, threads, blocks, budget, experts.FirstOrDefault(), experts.Skip(1).FirstOrDefault(), dividesRows);

    public KvBlockPool Pool { get; } = new(blocks);

    public int Budget { get; } = budget;

    public List<Life> Running { get; } = [];

    /// <summary>Takes a request in, with as many of its blocks as the prefix cache has, if it is asked.</summary>
    public void Admit(Life life, bool cached)
    {
        // The last token is always computed: its logits are wanted.
        var names = World.Names(life.Tokens).Take((life.Tokens.Count - 1) / KvLayout.BlockTokens).ToArray();
        var found = new int[names.Length];
        life.Blocks.AddRange(found.AsSpan(0, cached ? Pool.AcquirePrefix(names, found) : 0));
        life.Computed = life.Blocks.Count * KvLayout.BlockTokens;
        life.Site = this;
        Running.Add(life);
    }

    /// <summary>Makes room for more tokens; false if the pool has none.</summary>
    public bool TryGrow(Life life, int tokens)
    {
        var more = new int[life.BlocksFor(tokens)];
        if (!Pool.TryAllocate(more))
        {
            return false;
        }

        life.Blocks.AddRange(more);
        return true;
    }

    /// <summary>Names the full blocks, so that others find them. Equal names must mean equal bytes.</summary>
    public void Publish(Life life)
    {
        var place = 0;
        foreach (var (block, name) in life.Blocks.Zip(World.Names(life.Tokens).Take(life.Computed / KvLayout.BlockTokens)))
        {
            Pool.Publish(block, name);
            var bits = BlockBits.Digest(Driver.Engine, block);
            Assert.True(bits == world.Blocks[name], $"request {life.Index}: the KV of block {place} is not that of the request alone");
            place++;
        }
    }

    /// <summary>Takes a request's place and its KV away.</summary>
    public void Evict(Life life)
    {
        Pool.Release([.. life.Blocks]);
        life.Leave();
        Running.Remove(life);
    }

    /// <summary>Takes a request over from another place with its KV, bytes as they are; false if there is no room.</summary>
    public bool TryTakeOver(Life life)
    {
        var (from, blocks) = (life.Site!, new int[life.Blocks.Count]);
        if (!Pool.TryAllocate(blocks))
        {
            return false;
        }

        var computed = life.Computed;
        var layout = Driver.Engine.Kv.Layout;
        var bytes = new byte[layout.BytesPerBlockLayer];
        for (var i = 0; i < blocks.Length; i++)
        {
            for (var layer = 0; layer < layout.Layers; layer++)
            {
                from.Driver.Engine.Kv.Read(life.Blocks[i], layer, bytes);
                Driver.Engine.Kv.Write(blocks[i], layer, bytes);
            }
        }

        from.Evict(life);
        life.Blocks.AddRange(blocks);
        (life.Computed, life.Site) = (computed, this);
        Running.Add(life);
        Publish(life);
        return true;
    }

    public void Dispose() => Driver.Dispose();
}
