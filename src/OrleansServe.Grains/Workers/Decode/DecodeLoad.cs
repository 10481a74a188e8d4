using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Scheduling;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>What a decode worker tells the scheduler of its load.</summary>
internal static class DecodeLoad
{
    /// <summary>Measures it.</summary>
    /// <param name="pool">The worker's blocks.</param>
    /// <param name="batch">The sequences that it computes.</param>
    /// <param name="requests">The samples that it has, those among them that wait for their prompt's KV.</param>
    public static WorkerLoad Measure(KvBlockPool pool, RunningBatch<DecodeSequence> batch, int requests)
    {
        // Whoever waits for blocks is to be reckoned with as if it had them.
        int used = pool.Held;
        Span<int> givenBack = stackalloc int[ServiceClasses.Count];
        batch.CountReturns(givenBack);
        foreach (DecodeSequence sequence in batch.Running)
        {
            used += sequence.Blocks.IsEmpty ? sequence.BlocksLacking : 0;
        }

        int running = batch.Running.Count;
        return new WorkerLoad(
            running,
            requests - running,
            0,
            pool.Count,
            Math.Min(used, pool.Count),
            pool.Cached,
            0,
            0,
            givenBack[(int)ServiceClass.Standard],
            givenBack[(int)ServiceClass.Batch]);
    }
}
