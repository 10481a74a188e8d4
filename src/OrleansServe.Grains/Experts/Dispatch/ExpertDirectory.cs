using OrleansServe.Abstractions.Experts;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>Keeps this silo's routes to the expert shards: asks for the plan now and then, and at once where rows were refused by it.</summary>
internal sealed class ExpertDirectory(IExpertPlanGrain plans, WorkerContext context) : IExpertRouteSource
{
    private static readonly TimeSpan SearchInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private volatile TaskCompletionSource _doubt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ExpertRoutes? _current;
    private volatile ExpertRoutes? _doubted;
    private volatile bool _ended;

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

    /// <inheritdoc/>
    public void WaitForChange(ExpertRoutes? routes, TimeSpan limit)
    {
        lock (_gate)
        {
            if (!_ended && ReferenceEquals(routes, _current))
            {
                Monitor.Wait(_gate, limit);
            }
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool failing = false;
        try
        {
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
        finally
        {
            End();
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
        ExpertRoutes? current = _current;
        long epoch = current?.Epoch ?? 0;
        bool doubted = current is not null && ReferenceEquals(current, _doubted);
        Task<ExpertPlan?> asked = doubted ? plans.DoubtAsync(epoch) : plans.GetPlanAsync(epoch);
        ExpertPlan? plan = await asked.WaitAsync(CallTimeout, context.Time, cancellationToken);
        if (doubted)
        {
            // Only now: where asking fails the doubt stays. A plan that is still wrong is doubted again with the next rows.
            _doubted = null;
            _doubt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (plan is null || plan.Epoch == epoch)
        {
            return;
        }

        ModelConfig config = context.Model.Checkpoint.Config;
        ExpertRoutes routes = ExpertRoutes.Of(plan, config.KvLayers, config.NRoutedExperts ?? 0);
        int[] layers = [.. Enumerable.Range(0, config.KvLayers).Where(config.IsMoeLayer)];
        if (!layers.All(routes.Covers))
        {
            throw new InvalidOperationException($"Epoch {plan.Epoch} of the experts' plan lacks experts of this model.");
        }

        lock (_gate)
        {
            _current = routes;
            Monitor.PulseAll(_gate);
        }

        WorkerLog.ExpertsFound(context.Logger, layers.Length, routes.Shards.Count);
    }

    private void End()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }
    }
}
