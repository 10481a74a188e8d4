using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Grains.Experts.Plans;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.UnitTests.Gateway;
using Prometheus;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Experts;

/// <summary>Eight experts of one layer on shards that come, go, load, refuse and count, in virtual time.</summary>
public sealed class ExpertPlanKeeperTests
{
    private const int Experts = 8;

    private readonly ManualTime _time = new();
    private readonly List<ShardFake> _shards = [];
    private readonly List<ExpertPlan> _stored = [];
    private readonly ExpertPlanOptions _options = new() { RebalancePeriod = TimeSpan.FromMinutes(1), RetireDelay = TimeSpan.FromSeconds(10) };
    private ExpertPlanKeeper _keeper;

    public ExpertPlanKeeperTests() => _keeper = Start(null);

    [Fact]
    public async Task Step_ShardsHoldAllExperts_PublishesWhatTheyHold()
    {
        Add("a", 4, 0, 1, 2, 3);
        await StepAsync();
        Assert.Null(_keeper.Current);

        Add("b", 5, 3, 4, 5, 6, 7);
        await StepAsync();

        ExpertPlan plan = _keeper.Current!;
        Assert.Equal((1, "a/expert-0", "address of b"), (plan.Epoch, plan.Shards[0].Worker.Key, plan.Shards[1].DataPlaneAddress));
        Assert.Equal("[0123] [34567]", Show(plan));
        Assert.Equal("[1 1 1 0.5] [0.5 1 1 1 1]", ShowShares(plan));
        Assert.Same(plan, Assert.Single(_stored));
        Assert.All(_shards, shard => Assert.Equal(1, shard.Epoch));

        await StepAsync(5);
        Assert.Same(plan, _keeper.Current);
    }

    [Fact]
    public async Task Step_ShardsNeverComplete_LoadsTheRestOnceThePatienceIsOver()
    {
        Add("a", 4, 0, 1, 2, 3);
        Add("b", 4, 4, 5);
        await StepAsync(3);
        Assert.Null(_keeper.Current);
        Pass(61);
        await StepAsync();
        Assert.Equal("[0123] [4567]", Show(_keeper.Current!));
        Assert.All(_shards, shard => Assert.True(shard.Assignments.Single().Urgent));
    }

    [Fact]
    public async Task Step_ShardWithReplicasElsewhereIsGone_PlansWithoutItAndNobodyLoads()
    {
        await BeginAsync(("a", [0, 1, 2, 3, 4]), ("b", [4, 5, 6, 7, 0]), ("c", [1, 2, 3, 5, 6, 7]));
        _shards.RemoveAt(2);
        _shards[0].Loads = _shards[1].Loads = false;
        await StepAsync();
        Assert.Equal(2, _keeper.Current!.Epoch);
        Assert.Equal("[01234] [04567]", Show(_keeper.Current));
        Assert.Equal("[0.5 1 1 1 0.5] [0.5 0.5 1 1 1]", ShowShares(_keeper.Current));
    }

    [Fact]
    public async Task Step_OnlyHolderIsGone_OthersLoadAtOnceAndTheOldPlanStandsMeanwhile()
    {
        await BeginAsync(("a", [0, 1, 2]), ("b", [3, 4, 5]), ("c", [6, 7]));
        ExpertPlan first = _keeper.Current!;
        _shards.RemoveAt(2);
        _shards.ForEach(shard => shard.Loads = false);
        await StepAsync(3);
        Assert.Same(first, _keeper.Current);
        Assert.All(_shards, shard => Assert.True(shard.Assignments[^1].Urgent));
        Assert.Contains("Epoch 2 is being prepared", _keeper.Heat().State, StringComparison.Ordinal);

        _shards.ForEach(shard => shard.Loads = true);
        await StepAsync();
        Assert.Equal("[0126] [3457]", Show(_keeper.Current!));
    }

    [Fact]
    public async Task Step_ShardThatIsListedDoesNotAnswer_CountsAsGoneWithTheSecondQuestion()
    {
        await BeginAsync(("a", [0, 1, 2, 3, 4, 5, 6, 7]), ("b", [0, 1, 2, 3, 4, 5, 6, 7]));
        _shards[1].IsAlive = false;
        await StepAsync();
        Assert.Equal(1, _keeper.Current!.Epoch);
        Pass(2);
        await StepAsync();
        Assert.Equal(1, _keeper.Current.Epoch);
        await StepAsync();
        Assert.Equal((2, 1), (_keeper.Current.Epoch, _keeper.Current.Shards.Length));
    }

    [Fact]
    public async Task Step_Doubted_AsksAtOnce()
    {
        await BeginAsync(("a", [0, 1, 2, 3, 4, 5, 6, 7]), ("b", [0, 1, 2, 3, 4, 5, 6, 7]));
        _shards[1].IsAlive = false;
        _keeper.Doubt();
        await StepAsync();
        Assert.Single(_keeper.Current!.Shards);
    }

    [Fact]
    public async Task Step_ShardCameBackWithWhatItBeganWith_TakesItUpWithoutLoading()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        _shards[1].Restart();
        _shards[0].Loads = false;
        Pass(2);
        await StepAsync(2);
        Assert.Equal((2, "[0123] [4567]"), (_keeper.Current!.Epoch, Show(_keeper.Current)));
        Assert.Equal(2, _shards[1].Epoch);
    }

    [Fact]
    public async Task Step_ShardLacksWhatThePlanSays_IsLoadedAgain()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        _shards[1].Lose(6);
        _keeper.Doubt();
        await StepAsync();
        Assert.Equal((2, "[0123] [4567]"), (_keeper.Current!.Epoch, Show(_keeper.Current)));
    }

    [Fact]
    public async Task Step_LoadsAreUneven_MovesAndRetiresAfterTheDelay()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        _options.MostMoved = 1;
        Load(100, 100, 100, 100, 1, 1, 1, 1);
        Pass(61);
        await StepAsync();
        Assert.Equal(2, _keeper.Current!.Epoch);
        Assert.All(_keeper.Current.Layers.Single().Experts, ids => Assert.Equal(2, ids.Count(expert => expert < 4)));
        Assert.All(_shards, shard => Assert.False(shard.Assignments[^1].Urgent));
        Assert.All(_shards, shard => Assert.Equal(6, shard.Held.Count()));

        await StepAsync(3);
        Assert.All(_shards, shard => Assert.Empty(shard.Retired));
        Pass(11);
        await StepAsync(2);
        Assert.All(_shards, shard => Assert.Equal([2L], shard.Retired));
        Assert.All(_shards, shard => Assert.Equal(4, shard.Held.Count()));
    }

    [Theory]
    [InlineData(100, 100, 100, 102)]
    [InlineData(1, 0, 3, 0)]
    public async Task Step_NotWorthMoving_KeepsThePlan(int first, int second, int third, int fourth)
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        _options.MostMoved = 1;
        Load(first, second, third, fourth, first, second, third, fourth - 1);
        Pass(61);
        await StepAsync(3);
        Assert.Equal(1, _keeper.Current!.Epoch);
    }

    [Fact]
    public async Task Step_NoRebalancing_LeavesUnevenLoads()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        _options.RebalancePeriod = TimeSpan.Zero;
        Load(100, 100, 100, 100, 1, 1, 1, 1);
        Pass(600);
        await StepAsync(3);
        Assert.Equal(1, _keeper.Current!.Epoch);
    }

    [Fact]
    public async Task Step_ShardJoins_IsPutToUseByTheNextPlan()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        Add("c", 4);
        await StepAsync();
        Pass(2);
        await StepAsync(2);
        Assert.Equal((2, 3), (_keeper.Current!.Epoch, _keeper.Current.Shards.Length));
        Assert.All(_keeper.Current.Layers.Single().Experts, ids => Assert.InRange(ids.Length, 1, 4));
        Assert.Equal(Experts, _keeper.Current.Layers.Single().Experts.SelectMany(ids => ids).Distinct().Count());
    }

    [Fact]
    public async Task Step_ShardCannotHoldItsPart_IsGivenUpAndTriedAgainLater()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]), ("c", [0, 1]));
        ExpertPlan first = _keeper.Current!;
        _shards.RemoveAt(1);
        _shards[1].Fault = "the weights have changed on disk";
        await StepAsync(4);
        Assert.Same(first, _keeper.Current);
        Assert.Single(_shards[1].Assignments, assignment => assignment.Epoch == 2);
        Assert.Equal(2, _shards[1].Assignments[^1].Epoch);

        _shards[1].Fault = null;
        Pass(3);
        await StepAsync(2);
        Assert.Equal(3, _keeper.Current!.Epoch);
    }

    [Fact]
    public async Task Step_ShardGoesWhileAPlanIsPrepared_PlansAnew()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]), ("c", [0, 1, 2, 3, 4, 5, 6, 7]));
        _options.MostMoved = 1;
        Load(500, 1, 1, 1, 400, 1, 1, 1);
        _shards.ForEach(shard => shard.Loads = false);
        Pass(61);
        await StepAsync(2);
        Assert.Contains("Epoch 2", _keeper.Heat().State, StringComparison.Ordinal);
        _shards.RemoveAt(0);
        await StepAsync();
        Pass(3);
        await StepAsync(2);
        Assert.Equal((3, 2), (_keeper.Current!.Epoch, _keeper.Current.Shards.Length));
    }

    [Fact]
    public async Task Step_KeeperMoved_TakesThePlanUpUnderALaterEpoch()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        _options.MostMoved = 1;
        Load(100, 100, 100, 100, 1, 1, 1, 1);
        Pass(61);
        await StepAsync();
        ExpertPlan last = _keeper.Current!;

        _keeper = Start(_stored[^1]);
        await StepAsync();
        Assert.Equal((3, Show(last)), (_keeper.Current!.Epoch, Show(_keeper.Current)));
    }

    [Fact]
    public async Task Step_ClusterStartedAnew_ServesAtOnceAndReturnsToThePlanItHad()
    {
        await BeginAsync(("a", [0, 1, 2, 3]), ("b", [4, 5, 6, 7]));
        _options.MostMoved = 1;
        Load(100, 100, 100, 100, 1, 1, 1, 1);
        Pass(61);
        await StepAsync();
        ExpertPlan last = _keeper.Current!;

        _shards.ForEach(shard => shard.Restart());
        _keeper = Start(_stored[^1]);
        await StepAsync();
        Assert.Equal((3, "[0123] [4567]"), (_keeper.Current!.Epoch, Show(_keeper.Current)));
        await StepAsync(2);
        Assert.Equal((4, Show(last)), (_keeper.Current.Epoch, Show(_keeper.Current)));
    }

    [Fact]
    public async Task Heat_RowsComputed_CountsThoseSinceThePlan()
    {
        Add("a", 4, 0, 1, 2, 3);
        Add("b", 4, 4, 5, 6, 7);
        Load(9, 9, 9, 9, 9, 9, 9, 9);
        await StepAsync(2);
        Load(1, 2, 3, 4, 5, 6, 7, 8);
        Pass(2);
        await StepAsync();
        ExpertHeat heat = _keeper.Heat();
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], heat.Rows.Single().SelectMany(rows => rows));
        Assert.Equal("", heat.State);
    }

    private static string Show(ExpertPlan plan) => string.Join(' ', plan.Layers.Single().Experts.Select(ids => $"[{string.Concat(ids)}]"));

    private static string ShowShares(ExpertPlan plan) =>
        string.Join(' ', plan.Layers.Single().Shares.Select(shares => $"[{string.Join(' ', shares.Select(share => share.ToString(CultureInfo.InvariantCulture)))}]"));

    private void Add(string node, int slots, params int[] experts) => _shards.Add(new ShardFake(node, slots, experts));

    private void Load(params int[] rows)
    {
        for (int expert = 0; expert < rows.Length; expert++)
        {
            _shards.First(shard => shard.Held.Contains(expert)).Compute(expert, rows[expert]);
        }
    }

    private void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private async Task BeginAsync(params (string Node, int[] Experts)[] shards)
    {
        foreach ((string node, int[] experts) in shards)
        {
            Add(node, experts.Length, experts);
        }

        await StepAsync(2);
        Assert.Equal(1, _keeper.Current!.Epoch);
    }

    private async Task StepAsync(int steps = 1)
    {
        while (steps-- > 0)
        {
            await _keeper.StepAsync();
        }
    }

    private ExpertPlanKeeper Start(ExpertPlan? stored)
    {
        ISchedulerGrain scheduler = GrainFake.Of<ISchedulerGrain>((_, _) => Task.FromResult(new SchedulerSnapshot([.. _shards.Select(shard => shard.Status())], 0)));
        IGrainFactory grains = GrainFake.Of<IGrainFactory>((_, arguments) => _shards.Single(shard => shard.Id.Key == (string)arguments[0]!).Grain());
        return new ExpertPlanKeeper(
            "tiny",
            [ShardFake.Layer],
            Experts,
            new ShardCalls(grains, scheduler, "weights", _time),
            _options,
            new ExpertPlanMetrics(Metrics.WithCustomRegistry(Metrics.NewCustomRegistry())),
            _time,
            NullLogger.Instance,
            stored,
            plan =>
            {
                _stored.Add(plan);
                return Task.CompletedTask;
            });
    }
}
