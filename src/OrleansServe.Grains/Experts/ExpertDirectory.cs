using System.Collections.Immutable;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Grains.Experts;

/// <summary>Keeps this silo's routes to the expert shards: asks the scheduler which shards report, and each new shard what it holds.</summary>
internal sealed class ExpertDirectory(IGrainFactory grains, ISchedulerGrain scheduler, WorkerContext context) : IExpertRouteSource
{
    private static readonly TimeSpan SearchInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    private volatile TaskCompletionSource _doubt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ExpertRoutes? _current;
    private volatile ExpertRoutes? _doubted;

    /// <inheritdoc/>
    public ExpertRoutes? Current => _current;

    /// <inheritdoc/>
    public void Distrust(ExpertRoutes routes)
    {
        if (ReferenceEquals(routes, _current))
        {
            _doubted = routes;
            _doubt.TrySetResult();
        }
    }

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

            await WaitAsync(cancellationToken);
        }
    }

    /// <summary>A doubt shortens the wait, though not to less than that of a search: a shard that stays silent is not asked without pause.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(SearchInterval, context.Time, cancellationToken);
        if (_current is not null)
        {
            await Task.WhenAny(_doubt.Task, Task.Delay(CheckInterval - SearchInterval, context.Time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        SchedulerSnapshot snapshot = await scheduler.GetSnapshotAsync().WaitAsync(CallTimeout, context.Time, cancellationToken);
        ImmutableArray<ExpertRoutes.Shard> shards =
            [.. snapshot.Workers.Where(worker => worker.Role == WorkerRole.Expert && worker.WeightsFingerprint == context.Model.WeightsFingerprint)
                .Select(worker => new ExpertRoutes.Shard(worker.Worker, worker.DataPlaneAddress))];
        ExpertRoutes? current = _current;
        if (current is not null && !ReferenceEquals(current, _doubted) && shards.SequenceEqual(current.Shards))
        {
            return;
        }

        ModelConfig config = context.Model.Checkpoint.Config;
        ExpertRoutes routes = new(shards, config.KvLayers, config.NRoutedExperts ?? 0);
        for (int shard = 0; shard < shards.Length; shard++)
        {
            ExpertShardDescription description =
                await grains.GetGrain<IExpertShardGrain>(shards[shard].Worker.Key).DescribeAsync().WaitAsync(CallTimeout, context.Time, cancellationToken);
            routes.AddAll(description, shard);
        }

        // Only now: where asking fails the doubt stays. Routes that are still wrong are doubted again with the next rows.
        _doubted = null;
        _doubt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (current is not null && routes.IsSameAs(current))
        {
            return;
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
