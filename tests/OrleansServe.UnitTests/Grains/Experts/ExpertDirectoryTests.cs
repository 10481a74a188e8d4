using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Experts.Dispatch;
using OrleansServe.Transfer.InProcess;
using OrleansServe.UnitTests.Grains.Workers;
using OrleansServe.UnitTests.Transfer.Support;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>A plan of two shards that changes while they keep name and address.</summary>
public sealed class ExpertDirectoryTests : IAsyncLifetime, IDisposable
{
    private static readonly ImmutableArray<int> Low = [0, 1, 2, 3];
    private static readonly ImmutableArray<int> High = [4, 5, 6, 7];
    private static readonly ImmutableArray<double> Whole = [1, 1, 1, 1];

    private readonly WorkerRig _rig = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _asked = new(0);
    private ExpertDirectory _directory = null!;
    private Task _run = Task.CompletedTask;
    private volatile bool _swapped;
    private volatile bool _silent;
    private long _epoch = 1;
    private int _doubts;

    public Task InitializeAsync()
    {
        IExpertPlanGrain plans = GrainFake.Of<IExpertPlanGrain>((method, arguments) => Answer(method.Name, (long)arguments[0]!));
        _directory = new ExpertDirectory(plans, _rig.Context(new InProcessNetwork().Join("silo")));
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
        _asked.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public async Task Run_PlanChanges_IsFollowedWithoutADoubt()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        _swapped = true;
        Interlocked.Increment(ref _epoch);
        ExpertRoutes second = await NextAsync(routes => routes != first);

        Assert.Equal((0, 1, 1L), (first.ShardOf(1, 0), first.ShardOf(1, 7), first.Epoch));
        Assert.Equal((1, 0, 2L), (second.ShardOf(1, 0), second.ShardOf(1, 7), second.Epoch));
        Assert.Equal(0, _doubts);
    }

    [Fact]
    public async Task Distrust_KeeperHasAnotherPlan_RoutesAreReadAgain()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        _directory.Distrust(first);
        await NextAsync(_ => Volatile.Read(ref _doubts) == 1);
        _swapped = true;
        Interlocked.Increment(ref _epoch);
        _directory.Distrust(first);
        ExpertRoutes second = await NextAsync(routes => routes != first);
        Assert.Equal(1, second.ShardOf(1, 0));
    }

    [Fact]
    public async Task Distrust_NothingHasChanged_KeepsTheRoutesAndTheirChannels()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        _directory.Distrust(first);
        await NextAsync(_ => Volatile.Read(ref _doubts) == 1);
        await LookTwiceAsync();
        Assert.Same(first, _directory.Current);
        Assert.Equal(1, _doubts);
    }

    [Fact]
    public async Task Distrust_KeeperDoesNotAnswer_IsToldAgainUntilItDoes()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        _silent = true;
        _directory.Distrust(first);
        await NextAsync(_ => Volatile.Read(ref _doubts) >= 3);
        Assert.Same(first, _directory.Current);
        _swapped = true;
        Interlocked.Increment(ref _epoch);
        _silent = false;
        ExpertRoutes second = await NextAsync(routes => routes != first);
        Assert.Equal(1, second.ShardOf(1, 0));
    }

    [Fact]
    public async Task WaitForChange_PlanChanges_Returns()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        Task waiting = Task.Run(() =>
        {
            while (ReferenceEquals(_directory.Current, first))
            {
                _directory.WaitForChange(first, Limits.Patience);
            }
        });
        Interlocked.Increment(ref _epoch);
        await waiting.WaitAsync(Limits.Patience / 2);
    }

    [Fact]
    public async Task WaitForChange_DirectoryEnds_Returns()
    {
        ExpertRoutes first = await NextAsync(routes => routes is not null);
        Task waiting = Task.Run(() => _directory.WaitForChange(first, Limits.Patience));
        await _stop.CancelAsync();
        await waiting.WaitAsync(Limits.Patience / 2);
        Assert.Same(first, _directory.Current);
    }

    /// <summary>Waits until the directory has asked, and acted on the answer, once more.</summary>
    private async Task LookTwiceAsync()
    {
        while (_asked.Wait(0))
        {
            // Those before.
        }

        Assert.True(await _asked.WaitAsync(Limits.Patience));
        Assert.True(await _asked.WaitAsync(Limits.Patience));
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

    private Task<ExpertPlan?> Answer(string method, long known)
    {
        _asked.Release();
        if (method == nameof(IExpertPlanGrain.DoubtAsync))
        {
            Interlocked.Increment(ref _doubts);
        }

        long epoch = Interlocked.Read(ref _epoch);
        return _silent ? Task.FromException<ExpertPlan?>(new TimeoutException("silent")) : Task.FromResult(known == epoch ? null : Plan(epoch));
    }

    private ExpertPlan Plan(long epoch) => new(
        epoch,
        [Shard("a"), Shard("b")],
        [.. Enumerable.Range(0, _rig.Layers).Select(layer => new ExpertLayerPlan(layer, _swapped ? [High, Low] : [Low, High], [Whole, Whole]))]);

    private static ExpertPlanShard Shard(string node) => new(new WorkerId(node, "expert-0"), $"address of {node}");
}
