using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Placement;
using OrleansServe.Model.Configuration;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>Keeps the experts' plan: has <see cref="ExpertPlanKeeper"/> take a step now and then, one at a time. Reentrant: the plan is read meanwhile.</summary>
[GatewayPlacement, Reentrant]
public sealed class ExpertPlanGrain : Grain, IExpertPlanGrain
{
    private static readonly TimeSpan StepInterval = TimeSpan.FromMilliseconds(100);

    private readonly IPersistentState<ExpertPlanState> _state;
    private readonly WorkerModel _model;
    private readonly ExpertPlanOptions _options;
    private readonly ExpertPlanServices _services;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ExpertPlanKeeper _keeper = null!;
    private Task _step = Task.CompletedTask;
    private bool _failing;

    /// <summary>Made by the grain runtime.</summary>
    public ExpertPlanGrain(
        [PersistentState("plan", ExpertStorage.Provider)] IPersistentState<ExpertPlanState> state,
        WorkerModel model,
        IOptions<ExpertPlanOptions> options,
        ExpertPlanServices services,
        TimeProvider time,
        ILogger<ExpertPlanGrain> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _state = state;
        _model = model;
        _options = options.Value;
        _services = services;
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string name = this.GetPrimaryKeyString();
        ModelConfig config = _model.Checkpoint.Config;
        ImmutableArray<int> layers = [.. Enumerable.Range(0, config.KvLayers).Where(config.IsMoeLayer)];
        ShardCalls calls = new(GrainFactory, GrainFactory.GetGrain<ISchedulerGrain>(name), _model.WeightsFingerprint, _time);
        _keeper = new ExpertPlanKeeper(name, layers, config.NRoutedExperts ?? 0, calls, _options, _services.Metrics, _time, _logger, _state.State.Plan, StoreAsync);
        this.RegisterGrainTimer(_ => StepAsync(), new GrainTimerCreationOptions(TimeSpan.Zero, StepInterval) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _services.Metrics.End(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ExpertPlan?> GetPlanAsync(long knownEpoch) => Task.FromResult(_keeper.Current is { } plan && plan.Epoch != knownEpoch ? plan : null);

    /// <inheritdoc/>
    public async Task<ExpertPlan?> DoubtAsync(long epoch)
    {
        if (_keeper.Current?.Epoch == epoch)
        {
            // A step that is under way may have asked the shards before whatever gave rise to the doubt.
            await _step;
            _keeper.Doubt();
            await StepAsync();
        }

        return await GetPlanAsync(epoch);
    }

    /// <inheritdoc/>
    public Task<ExpertHeat> GetHeatAsync() => Task.FromResult(_keeper.Heat());

    private Task StepAsync() => _step = _step.IsCompleted ? TakeStepAsync() : _step;

    private async Task TakeStepAsync()
    {
        try
        {
            await _keeper.StepAsync();
            _failing = false;
        }
#pragma warning disable CA1031 // Whatever a step meets, the plan that there is goes on, and the next step tries again. Logged when it begins.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_failing)
            {
                ExpertLog.KeepingFailed(_logger, e);
                _failing = true;
            }
        }
    }

    private async Task StoreAsync(ExpertPlan plan)
    {
        _state.State.Plan = plan;
        await _state.WriteStateAsync();
    }
}
