using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Grains.Experts;

/// <summary>Keeps this silo's routes to the expert shards: asks the scheduler which shards report, and each new shard what it holds.</summary>
internal sealed class ExpertDirectory(IGrainFactory grains, ISchedulerGrain scheduler, WorkerContext context)
{
    private static readonly TimeSpan SearchInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    private volatile ExpertRoutes? _current;

    /// <summary>Routes to every expert of every MoE layer, or null while some are missing.</summary>
    public ExpertRoutes? Current => _current;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool failing = false;
        while (true)
        {
            try
            {
                await RefreshAsync(cancellationToken);
                failing = false;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (!failing)
                {
                    WorkerLog.DirectoryFailed(context.Logger, e);
                    failing = true;
                }
            }

            await Task.Delay(_current is null ? SearchInterval : CheckInterval, context.Time, cancellationToken);
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        SchedulerSnapshot snapshot = await scheduler.GetSnapshotAsync().WaitAsync(CallTimeout, context.Time, cancellationToken);
        ImmutableArray<ExpertRoutes.Shard> shards =
            [.. snapshot.Workers.Where(worker => worker.Role == WorkerRole.Expert && worker.WeightsFingerprint == context.Model.WeightsFingerprint)
                .Select(worker => new ExpertRoutes.Shard(worker.Worker, worker.DataPlaneAddress))];
        if (_current is { } current && shards.SequenceEqual(current.Shards))
        {
            return;
        }

        ModelConfig config = context.Model.Checkpoint.Config;
        ExpertRoutes routes = new(shards, config.KvLayers, config.NRoutedExperts ?? 0);
        for (int shard = 0; shard < shards.Length; shard++)
        {
            ExpertShardDescription description =
                await grains.GetGrain<IExpertShardGrain>(shards[shard].Worker.Key).DescribeAsync().WaitAsync(CallTimeout, context.Time, cancellationToken);
            for (int i = 0; i < description.Layers.Length; i++)
            {
                foreach (int expert in description.Experts[i])
                {
                    routes.Add(description.Layers[i], expert, shard);
                }
            }
        }

        int[] layers = [.. Enumerable.Range(0, config.KvLayers).Where(config.IsMoeLayer)];
        bool complete = layers.All(routes.Covers);
        _current = complete ? routes : null;
        if (complete)
        {
            WorkerLog.ExpertsFound(context.Logger, layers.Length, shards.Length);
        }
    }
}
