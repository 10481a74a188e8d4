using OrleansServe.Engine.Threading;

namespace OrleansServe.UnitTests.Engine;

/// <summary>
/// Reads the allocation counters of a pool's threads before and after a barrier that makes each of them take exactly one part; what the
/// barrier itself allocates lies between the two readings and is not counted.
/// </summary>
internal sealed class ThreadBytes(int threads) : ParallelWork, IDisposable
{
    private readonly Barrier _barrier = new(threads);
    private readonly long[] _before = new long[threads];
    private readonly long[] _after = new long[threads];
    private long[] _start = [];

    /// <summary>Remembers the present counters.</summary>
    public void Start(ComputePool pool)
    {
        pool.Share(this, threads);
        _start = [.. _after];
    }

    /// <summary>Bytes that each thread but the caller's allocated since the start.</summary>
    public long[] Stop(ComputePool pool)
    {
        pool.Share(this, threads);
        return [.. _before.Zip(_start, (end, start) => end - start).Skip(1)];
    }

    public override void Execute(int part, int worker)
    {
        _before[worker] = GC.GetAllocatedBytesForCurrentThread();
        _barrier.SignalAndWait();
        _after[worker] = GC.GetAllocatedBytesForCurrentThread();
    }

    public void Dispose() => _barrier.Dispose();
}
