using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>Calls to all shards at once, each with a limit of time: one that does not answer holds nobody up.</summary>
internal sealed class ShardCalls(IGrainFactory grains, ISchedulerGrain scheduler, string weightsFingerprint, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The shards that report to the scheduler, in the order of their keys.</summary>
    public async Task<IReadOnlyList<(WorkerId Worker, string Address)>> ListAsync()
    {
        SchedulerSnapshot snapshot = await scheduler.GetSnapshotAsync().WaitAsync(CallTimeout, time);
        return [.. snapshot.Workers
            .Where(worker => worker.Role == WorkerRole.Expert && worker.WeightsFingerprint == weightsFingerprint)
            .OrderBy(worker => worker.Worker.Key, StringComparer.Ordinal)
            .Select(worker => (worker.Worker, worker.DataPlaneAddress))];
    }

    /// <summary>Asks shards what they hold.</summary>
    /// <returns>[shards] what each said; null for one that did not answer.</returns>
    public Task<ShardView?[]> DescribeAsync(IReadOnlyList<(WorkerId Worker, string Address)> shards) => Task.WhenAll(shards.Select(async shard =>
        await AnswerAsync(() => GrainOf(shard.Worker).DescribeAsync()) is { } description ? new ShardView(shard.Worker, shard.Address, description) : null));

    /// <summary>Has the shards of a plan prepare for it.</summary>
    /// <returns>[shards] how far each is; null for one that did not answer.</returns>
    public Task<ShardProgress?[]> PrepareAsync(PlanDraft draft) =>
        Task.WhenAll(draft.Shards.Select((shard, i) => AnswerAsync(() => GrainOf(shard.Worker).PrepareAsync(draft.AssignmentOf(i)))));

    /// <summary>Has the shards of a plan give up what only earlier ones want.</summary>
    /// <returns>Whether all of them have heard of it.</returns>
    public async Task<bool> RetireAsync(ExpertPlan plan)
    {
        bool?[] heard = await Task.WhenAll(plan.Shards.Select(shard => AnswerAsync(async () =>
        {
            await GrainOf(shard.Worker).RetireAsync(plan.Epoch);
            return (bool?)true;
        })));
        return heard.All(one => one == true);
    }

    private IExpertShardGrain GrainOf(WorkerId worker) => grains.GetGrain<IExpertShardGrain>(worker.Key);

    private async Task<T?> AnswerAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call().WaitAsync(CallTimeout, time);
        }
#pragma warning disable CA1031 // A shard that cannot be asked is one that is not there, whatever the reason; it shows in the plan.
        catch (Exception)
#pragma warning restore CA1031
        {
            return default;
        }
    }
}
