using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Experts;
using OrleansServe.Transfer.InProcess;
using OrleansServe.UnitTests.Grains.Workers;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>Two shards whose holdings change while they keep name and address.</summary>
public sealed class ExpertDirectoryTests : IAsyncLifetime, IDisposable
{
    private static readonly ImmutableArray<int> Low = [0, 1, 2, 3];
    private static readonly ImmutableArray<int> High = [4, 5, 6, 7];

    private readonly WorkerRig _rig = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _snapshots = new(0);
    private ExpertDirectory _directory = null!;
    private Task _run = Task.CompletedTask;
    private volatile bool _swapped;
    private volatile bool _silent;
    private int _described;

    public Task InitializeAsync()
    {
        ISchedulerGrain scheduler = GrainFake.Of<ISchedulerGrain>((_, _) => Snapshot());
        Orleans.IGrainFactory grains = GrainFake.Of<Orleans.IGrainFactory>((_, arguments) => GrainFake.Of<IExpertShardGrain>((_, _) => Describe((string)arguments[0]!)));
        _directory = new ExpertDirectory(grains, scheduler, _rig.Context(new InProcessNetwork().Join("silo")));
        _run = _directory.RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _run.WaitAsync(Limits.Patience));
    }

    public void Dispose()
    {
        _stop.Dispose();
        _snapshots.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public async Task Distrust_ShardsHoldOtherExperts_RoutesAreReadAgain()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        _swapped = true;
        await LookTwiceAsync();
        Assert.Same(first, _directory.Current);

        _directory.Distrust(first);
        ExpertRoutes second = await NextAsync(routes => routes != first);

        Assert.Equal((0, 1), (first.ShardOf(1, 0), first.ShardOf(1, 7)));
        Assert.Equal((1, 0), (second.ShardOf(1, 0), second.ShardOf(1, 7)));
        Assert.Equal(4, _described);
    }

    [Fact]
    public async Task Distrust_NothingHasChanged_KeepsTheRoutesAndTheirChannels()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        _directory.Distrust(first);
        await NextAsync(_ => Volatile.Read(ref _described) == 4);
        await LookTwiceAsync();
        Assert.Same(first, _directory.Current);
        Assert.Equal(4, _described);
    }

    [Fact]
    public async Task Distrust_ShardDoesNotAnswer_IsAskedAgainUntilItDoes()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        _silent = true;
        _swapped = true;
        _directory.Distrust(first);
        await NextAsync(_ => Volatile.Read(ref _described) >= 5);
        Assert.Same(first, _directory.Current);
        _silent = false;
        ExpertRoutes second = await NextAsync(routes => routes != first);
        Assert.Equal(1, second.ShardOf(1, 0));
    }

    /// <summary>Waits until the directory has looked for shards, and acted on it, once more.</summary>
    private async Task LookTwiceAsync()
    {
        while (_snapshots.Wait(0))
        {
            // Those before.
        }

        Assert.True(await _snapshots.WaitAsync(Limits.Patience));
        Assert.True(await _snapshots.WaitAsync(Limits.Patience));
    }

    private async Task<ExpertRoutes> NextAsync(Func<ExpertRoutes?, bool> wanted)
    {
        using CancellationTokenSource patience = new(Limits.Patience);
        while (!wanted(_directory.Current))
        {
            await Task.Delay(5, patience.Token);
        }

        return _directory.Current!;
    }

    private Task<SchedulerSnapshot> Snapshot()
    {
        _snapshots.Release();
        return Task.FromResult(new SchedulerSnapshot([Status("a"), Status("b")], 0));
    }

    private static WorkerStatus Status(string node) =>
        new(new WorkerId(node, "expert-0"), WorkerRole.Expert, new WorkerLoad(0, 0, 0, 0, 0, 0, 0, 0), TimeSpan.Zero, "weights", $"address of {node}", "format");

    private Task<ExpertShardDescription> Describe(string key)
    {
        Interlocked.Increment(ref _described);
        if (_silent)
        {
            return Task.FromException<ExpertShardDescription>(new TimeoutException("silent"));
        }

        bool low = key.StartsWith('a') != _swapped;
        int[] layers = [.. Enumerable.Range(0, _rig.Layers)];
        return Task.FromResult(new ExpertShardDescription(
            "", [.. layers], [.. layers.Select(_ => low ? Low : High)], [.. layers.Select(_ => ImmutableArray.Create(0L, 0, 0, 0))]));
    }
}
