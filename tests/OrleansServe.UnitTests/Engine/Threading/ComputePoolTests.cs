using OrleansServe.Engine.Threading;
using Xunit;

namespace OrleansServe.UnitTests.Engine.Threading;

public sealed class ComputePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_ManyWorks_DoesEachPartOnce(int threads)
    {
        using var pool = new ComputePool(threads);
        var random = new Random(1);
        for (var round = 0; round < 3000; round++)
        {
            var work = new Counting(random.Next(0, 20));
            pool.Run(work, work.Counts.Length);
            Assert.All(work.Counts, c => Assert.Equal(1, c));
        }
    }

    [Fact]
    public void Run_PartsWaitForEachOther_UsesAllThreads()
    {
        using var pool = new ComputePool(3);
        using var barrier = new Barrier(3);
        var workers = new HashSet<int>();
        pool.Run(
            new Delegated((_, worker) =>
            {
                lock (workers)
                {
                    workers.Add(worker);
                }

                barrier.SignalAndWait();
            }),
            3);
        Assert.Equal([0, 1, 2], workers.Order());
    }

    [Fact]
    public void Run_PartFails_ThrowsAfterTheOthersAndGoesOn()
    {
        using var pool = new ComputePool(3);
        var done = 0;
        var failure = Assert.Throws<InvalidOperationException>(() => pool.Run(
            new Delegated((part, _) =>
            {
                if (part == 4)
                {
                    throw new InvalidOperationException("part 4");
                }

                Interlocked.Increment(ref done);
            }),
            10));
        Assert.Equal("part 4", failure.Message);
        Assert.Equal(9, done);
        var work = new Counting(10);
        pool.Run(work, 10);
        Assert.All(work.Counts, c => Assert.Equal(1, c));
    }

    [Fact]
    public void Dispose_Idle_EndsThreadsAndRefusesWork()
    {
        var pool = new ComputePool(3);
        pool.Run(new Counting(5), 5);
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counting(5), 5));
    }

    [Fact]
    public void Idle_AfterWork_ParksEveryThreadUntilTheNext()
    {
        using var idle = new ComputePool(3);
        using var busy = new ComputePool(2);

        // Work wakes both, who may find that the caller has done all of it: once they have been woken, nothing is on its way to them any more. A
        // thread that sees the work just before it would wait is not woken by it; then the next does.
        long woken;
        do
        {
            Assert.True(SpinWait.SpinUntil(() => idle.Parked == 2, TimeSpan.FromSeconds(30)));
            woken = idle.Wakeups;
            idle.Run(new Counting(64), 64);
        }
        while (!SpinWait.SpinUntil(() => idle.Parked == 2 && idle.Wakeups == woken + 2, TimeSpan.FromSeconds(2)));

        var before = idle.Wakeups;

        // Whatever time this takes, a parked thread has no reason to run in it.
        for (var round = 0; round < 2000; round++)
        {
            busy.Run(new Counting(16), 16);
        }

        Assert.Equal(before, idle.Wakeups);
        Assert.Equal(2, idle.Parked);
        var work = new Counting(64);
        idle.Run(work, 64);
        Assert.All(work.Counts, c => Assert.Equal(1, c));
    }

    private sealed class Counting(int parts) : ParallelWork
    {
        public int[] Counts { get; } = new int[parts];

        public override void Execute(int part, int worker) => Interlocked.Increment(ref Counts[part]);
    }

    private sealed class Delegated(Action<int, int> body) : ParallelWork
    {
        public override void Execute(int part, int worker) => body(part, worker);
    }
}
