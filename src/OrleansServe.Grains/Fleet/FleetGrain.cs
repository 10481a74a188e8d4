using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime.MembershipService.SiloMetadata;
using OrleansServe.Abstractions.Fleet;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Placement;
using OrleansServe.Grains.Usage;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Grains.Fleet;

/// <summary>
/// Sees, decides, stores, and then has it done: a decision that was not stored changes no fleet, and one that was not done is tried again with the next. Not reentrant: one decision at
/// a time.
/// </summary>
[GatewayPlacement]
public sealed partial class FleetGrain : Grain, IFleetGrain
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10);

    private readonly IPersistentState<FleetState> _state;
    private readonly FleetLookout _lookout;
    private readonly FleetServices _services;
    private readonly double _initialShare;
    private readonly TimeProvider _time;
    private readonly ILogger<FleetGrain> _logger;
    private FleetSighting? _before;
    private string? _fault;

    /// <summary>Made by the grain runtime.</summary>
    public FleetGrain(
        [PersistentState("fleet", UsageStorage.Provider)] IPersistentState<FleetState> state,
        IClusterMembershipService membership,
        ISiloMetadataCache metadata,
        LocalSiloRoles local,
        ILocalSiloDetails silo,
        IGrainFactory grains,
        WorkerModel model,
        IOptions<ServiceOptions> service,
        FleetServices services,
        TimeProvider time,
        ILogger<FleetGrain> logger)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(services);
        (_state, _services, _time, _logger) = (state, services, time, logger);
        _lookout = new FleetLookout(membership, metadata, local, silo.SiloAddress, grains.GetGrain<ISchedulerGrain>(model.Name), services.Time);

        // What admission takes requests to produce is the first guess.
        _initialShare = 1 - service.Value.Overcommit;
    }

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _services.Metrics.Begin();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _services.Metrics.End();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task DecideAsync()
    {
        DateTimeOffset now = _services.Time.GetUtcNow();
        if (_state.State.DecidedAt is { } last && now >= last && now - last < _services.Options.DecisionInterval)
        {
            return;
        }

        using CancellationTokenSource limit = new(CallLimit, _time);
        FleetSighting? sighting = await SeeAsync(limit.Token);
        (FleetSighting? before, _before) = (_before, sighting ?? _before);
        ScalingState scaling = Remembered();
        FleetObservation? observation = null;
        if (before is not null && sighting is not null)
        {
            double share = _state.State.OutputShare ?? _initialShare;
            _state.State.OutputShare = FleetObserver.OutputShare(before, sighting, share);
            observation = FleetObserver.Observe(before, sighting, _services.Options, share, (scaling.Prefill.Grown, scaling.Decode.Grown));
        }

        // Before anything was seen, a decision would know of no node, and want the least.
        if (observation is null && _state.State.DecidedAt is null)
        {
            return;
        }

        ScalingDecision decision = _services.Policy.Decide(scaling, observation, now);
        FleetOrder? order = FleetOrders.Of(decision, sighting, _services.Options, _services.Adapter.TakesLastByNumber);
        await StoreAsync(decision, order, now);
        Publish(decision, scaling, observation);
        if (order is not null)
        {
            await ApplyAsync(order, limit.Token);
        }
    }

    /// <inheritdoc/>
    public Task<FleetStatus> GetStatusAsync() => Task.FromResult(
        new FleetStatus(_state.State.PrefillUnits, _state.State.DecodeUnits, _state.State.DecidedAt, _state.State.Reason, _fault) { Leaving = [.. _state.State.Leaving] });

    private async Task<FleetSighting?> SeeAsync(CancellationToken cancellation)
    {
        FleetSighting sighting;
        try
        {
            sighting = await _lookout.LookAsync(cancellation);
        }
        catch (Exception fault)
        {
            LogUnseen(_logger, fault);
            return null;
        }

        try
        {
            FleetNodes asked = await _services.Adapter.ReadAsync(FleetObserver.Count(sighting), cancellation);
            Report(null);
            return sighting with { Asked = asked };
        }
        catch (FleetUnchangeableException fault)
        {
            Report(fault);

            // Without a first decision nobody knows how many nodes were asked for: those that are still to come would be given up.
            return _state.State.DecidedAt is null ? null : sighting;
        }
    }

    private ScalingState Remembered()
    {
        try
        {
            return _state.State.Scaling.Length > 0 ? JsonSerializer.Deserialize<ScalingState>(_state.State.Scaling) ?? Bare() : Bare();
        }
        catch (JsonException fault)
        {
            // Another version wrote it: what was learned is lost, what was wanted is not.
            LogForgotten(_logger, fault);
            return Bare();
        }
    }

    private ScalingState Bare() => new() { Prefill = new() { Units = _state.State.PrefillUnits }, Decode = new() { Units = _state.State.DecodeUnits } };

    private async Task StoreAsync(ScalingDecision decision, FleetOrder? order, DateTimeOffset now)
    {
        FleetState state = _state.State;
        state.Scaling = JsonSerializer.Serialize(decision.State);
        (state.PrefillUnits, state.DecodeUnits) = (decision.Prefill.Units, decision.Decode.Units);
        (state.DecidedAt, state.Reason) = (now, decision.Reason);
        state.Leaving = order is null ? state.Leaving : [.. order.Leaving];
        await _state.WriteStateAsync();
    }

    private void Publish(ScalingDecision decision, ScalingState before, FleetObservation? seen)
    {
        _services.Metrics.Decided(WorkerRole.Prefill, before.Prefill.Units ?? seen?.Prefill.Ready, decision.Prefill.Units, seen is not null);
        _services.Metrics.Decided(WorkerRole.Decode, before.Decode.Units ?? seen?.Decode.Ready, decision.Decode.Units, seen is not null);
        _services.Metrics.Costs(decision.CostPerHour);
        if (seen is not null)
        {
            _services.Metrics.Serving(WorkerRole.Prefill, seen.Prefill.Ready);
            _services.Metrics.Serving(WorkerRole.Decode, seen.Decode.Ready);
        }

        LogDecided(_logger, decision.Reason);
    }

    private async Task ApplyAsync(FleetOrder order, CancellationToken cancellation)
    {
        try
        {
            await _services.Adapter.ApplyAsync(order, cancellation);
            Report(null);
        }
        catch (FleetUnchangeableException fault)
        {
            Report(fault);
        }
    }

    private void Report(FleetUnchangeableException? fault)
    {
        _services.Metrics.Changeable(fault is null);

        // Said when it begins and when it ends, not with every decision.
        if (fault is not null && _fault is null)
        {
            LogUnchangeable(_logger, fault);
        }
        else if (fault is null && _fault is not null)
        {
            LogChangeable(_logger);
        }

        _fault = fault?.Message;
    }

    [LoggerMessage(EventId = 3602, Level = LogLevel.Debug, Message = "Fleet: {Reason}")]
    private static partial void LogDecided(ILogger logger, string reason);

    [LoggerMessage(EventId = 3603, Level = LogLevel.Warning, Message = "The scheduler does not say what the fleet does; no node is taken away.")]
    private static partial void LogUnseen(ILogger logger, Exception fault);

    [LoggerMessage(EventId = 3604, Level = LogLevel.Error, Message = "What the fleet's scaling has learned cannot be read, and begins anew; the units wanted stay.")]
    private static partial void LogForgotten(ILogger logger, Exception fault);

    [LoggerMessage(EventId = 3605, Level = LogLevel.Error, Message = "The fleet cannot be changed, and stays as it is.")]
    private static partial void LogUnchangeable(ILogger logger, Exception fault);

    [LoggerMessage(EventId = 3606, Level = LogLevel.Information, Message = "The fleet can be changed again.")]
    private static partial void LogChangeable(ILogger logger);
}
