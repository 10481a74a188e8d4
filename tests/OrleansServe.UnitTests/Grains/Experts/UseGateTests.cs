using OrleansServe.Grains.Experts.Shards;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

public sealed class UseGateTests
{
    [Fact]
    public async Task Close_NobodyInside_CompletesAndLetsNobodyIn()
    {
        UseGate gate = new();
        Assert.True(gate.TryEnter());
        gate.Exit();

        await gate.CloseAsync();

        Assert.False(gate.TryEnter());
    }

    [Fact]
    public async Task Close_UsersInside_WaitsForTheLast()
    {
        UseGate gate = new();
        Assert.True(gate.TryEnter() && gate.TryEnter());

        Task closed = gate.CloseAsync();
        gate.Exit();

        Assert.False(closed.IsCompleted);
        Assert.False(gate.TryEnter());
        Assert.False(closed.IsCompleted);
        gate.Exit();
        await closed;
    }

    [Fact]
    public async Task Close_UsersOnManyThreads_NobodyIsInsideAfterwards()
    {
        for (int run = 0; run < 200; run++)
        {
            UseGate gate = new();
            int inside = 0;
            bool closed = false;
            bool seen = false;
            using Barrier start = new(4);
            Task[] users = [.. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(Use, TaskCreationOptions.LongRunning))];
            start.SignalAndWait();
            await gate.CloseAsync();
            Volatile.Write(ref closed, true);
            Assert.Equal(0, Volatile.Read(ref inside));
            await Task.WhenAll(users);
            Assert.False(seen);

            void Use()
            {
                start.SignalAndWait();
                while (gate.TryEnter())
                {
                    Interlocked.Increment(ref inside);
                    seen |= Volatile.Read(ref closed);
                    Interlocked.Decrement(ref inside);
                    gate.Exit();
                }
            }
        }
    }
}
