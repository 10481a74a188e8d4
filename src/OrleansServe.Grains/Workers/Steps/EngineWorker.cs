using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Mtp;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers.Speculation;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Workers.Steps;

/// <summary>
/// An engine at work: plan a step, run it, hand its tokens out, and again. What prefill and decode workers share. Everything below
/// <see cref="Thread"/> runs on the engine's thread; grains and transports reach it by commands.
/// </summary>
/// <typeparam name="TSequence">What the worker knows of a sequence.</typeparam>
internal abstract class EngineWorker<TSequence> : IWorker
    where TSequence : WorkerSequence
{
    private static readonly TimeSpan IntegrityInterval = TimeSpan.FromSeconds(10);

    private readonly StepResult _result = new();
    private readonly CacheJournal _journal;
    private readonly WorkerRole _role;
    private readonly string _dataPlaneAddress;
    private readonly Speculator? _speculator;
    private readonly long _epoch;
    private readonly List<Guid> _arrived = [];
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _draining;
    private long _orders;
    private long _checkedAt;

    protected EngineWorker(WorkerId id, WorkerRole role, IEngine engine, WorkerContext context)
    {
        Id = id;
        _role = role;
        Engine = engine;
        Model = context.Model;
        Options = context.Options;
        Time = context.Time;
        Logger = context.Logger;
        Service = context.Service;
        _epoch = _checkedAt = Time.GetTimestamp();
        _dataPlaneAddress = context.DataPlane.Address;
        Pool = new KvBlockPool(engine.Kv.BlockCount);
        RootName = KvBlockHasher.Root(context.Model.KvFormat.Span);
        Metrics = context.Metrics.ForWorker(id, role);
        _journal = new CacheJournal(Pool);
        _speculator = role == WorkerRole.Decode ? Speculator.For(id, engine, context, Metrics) : null;
        Batch = new RunningBatch<TSequence>(Pool, engine.Info.MaxBatchTokens, context.Service.PromptFloor, context.Service.Targets, _speculator);
        Thread = new EngineThread(id.Key, RunStep, OnThreadEnded, context.PooledEngines);
    }

    public WorkerId Id { get; }

    /// <summary>Raised when something changed that the scheduler should know; on any thread.</summary>
    public Action? Changed { get; set; }

    /// <summary>Why the worker ended; null while it runs and after an orderly stop.</summary>
    public string? Fault { get; private set; }

    protected IEngine Engine { get; }

    protected WorkerModel Model { get; }

    protected WorkerOptions Options { get; }

    protected ServiceOptions Service { get; }

    protected TimeProvider Time { get; }

    /// <summary>The worker's clock: time since it was made.</summary>
    protected TimeSpan Now => Time.GetElapsedTime(_epoch);

    /// <summary>What each tenant has been served here.</summary>
    protected TenantAccounts Tenants { get; } = new();

    protected ILogger Logger { get; }

    protected KvBlockPool Pool { get; }

    protected UInt128 RootName { get; }

    protected WorkerMetrics.Worker Metrics { get; }

    protected EngineThread Thread { get; }

    protected RunningBatch<TSequence> Batch { get; }

    /// <summary>Width of the states that sequences keep; 0 where the engine has no use for them.</summary>
    protected int StateWidth => Engine.Info.HasMtp ? Engine.Info.Model.HiddenSize : 0;

    /// <inheritdoc/>
    public Task Drained => _drained.Task;

    public void Start() => Thread.Start();

    /// <inheritdoc/>
    public void BeginDrain() => Thread.Post(() =>
    {
        _draining = true;
        NotifyChanged();
    });

    /// <inheritdoc/>
    public virtual void HandOver(TimeSpan left, long room)
    {
        // A prompt is computed soon, and whoever waits for it is told if not.
    }

    public Task<(WorkerReport Report, bool Full)> ReportAsync(bool full) => Thread.InvokeAsync(() =>
    {
        (ImmutableArray<UInt128> added, ImmutableArray<UInt128> removed, bool restarted) =
            _role == WorkerRole.Prefill ? _journal.Drain(full) : ([], [], full);
        ImmutableArray<Guid> arrived = restarted ? [.. HeldRequests.Union(_arrived)] : [.. _arrived];
        ImmutableArray<TenantTokens> served = [.. Tenants.Drain().Select(tenant => new TenantTokens(tenant.Tenant, tenant.Tokens))];
        _arrived.Clear();
        WorkerReport report = new(
            Id, _role, default, 0, Model.WeightsFingerprint, Model.KvFormatHex, _dataPlaneAddress, MeasureLoad(), added, removed, Heartbeat: false, arrived, served)
        {
            Draining = _draining,
        };
        return (report, restarted);
    });

    public async ValueTask DisposeAsync()
    {
        await Thread.StopAsync();
        Thread.Dispose();
        await QuiesceAsync();
        Engine.Dispose();
    }

    public Task CheckAsync() => CheckIntegrityAsync();

    /// <summary>Checks the block pool's invariants, and that nothing has leaked, on the engine's thread.</summary>
    public Task<WorkerLoad> CheckIntegrityAsync() => Thread.InvokeAsync(() =>
    {
        Pool.CheckIntegrity(CountHeldBlocks());
        return MeasureLoad();
    });

    /// <summary>The load now.</summary>
    protected abstract WorkerLoad MeasureLoad();

    /// <summary>References on blocks that the worker's requests hold.</summary>
    protected abstract long CountHeldBlocks();

    /// <summary>The requests that the worker has.</summary>
    protected abstract IEnumerable<Guid> HeldRequests { get; }

    /// <summary>A step is about to be planned: what waits may join.</summary>
    protected virtual void OnPlanning()
    {
    }

    /// <summary>A step has computed a planned sequence and sampled after its last token. The sequence has advanced already.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="index">Its index in the plan and the result.</param>
    /// <param name="tokens">How many of the tokens sampled for it stand: 1, and one more for each draft that was right.</param>
    /// <param name="result">The step's tokens.</param>
    protected abstract void OnSampled(TSequence sequence, int index, int tokens, StepResult result);

    /// <summary>A step has scored given tokens of a planned sequence. Comes before <see cref="OnSampled"/>.</summary>
    protected virtual void OnScored(TSequence sequence, int index, StepResult result)
    {
    }

    /// <summary>The engine cannot go on with this sequence.</summary>
    protected abstract void OnFailed(TSequence sequence, string error, bool retryable);

    /// <summary>The worker ends; every request is to be told.</summary>
    protected abstract void OnEnd(string reason);

    /// <summary>Completes when nothing outside the thread, which has ended, uses the engine's KV memory any more.</summary>
    protected virtual Task QuiesceAsync() => Task.CompletedTask;

    /// <summary>All tokens of the step have been handled.</summary>
    protected virtual void OnStepCompleted()
    {
    }

    /// <summary>Number of the next arrival.</summary>
    protected long NextOrder() => ++_orders;

    /// <summary>Notes for the next report that a request is here.</summary>
    protected void NoteArrival(Guid requestId) => _arrived.Add(requestId);

    protected void NotifyChanged() => Changed?.Invoke();

    private bool RunStep()
    {
        OnPlanning();
        if (!Batch.TryPlan(Now))
        {
            if (_draining && !HeldRequests.Any())
            {
                _drained.TrySetResult();
            }

            CheckNowAndThen();
            return false;
        }

        long start = Time.GetTimestamp();
        if (TryCompute())
        {
            TimeSpan computed = Time.GetElapsedTime(start);
            int tokens = HandOut();
            OnStepCompleted();
            Batch.Cost.Add(tokens, computed.TotalSeconds);
            Metrics.Step(Time.GetElapsedTime(start), tokens, Batch.Planned.Count);
        }

        return true;
    }

    /// <summary>An idle worker looks after its block pool. A broken one ends it: better no answer than a wrong one.</summary>
    private void CheckNowAndThen()
    {
        if (Time.GetElapsedTime(_checkedAt) > IntegrityInterval)
        {
            Pool.CheckIntegrity(CountHeldBlocks());
            _checkedAt = Time.GetTimestamp();
        }
    }

    private bool TryCompute()
    {
        try
        {
            Engine.Step(Batch.Plan, _result);
            return true;
        }
        catch (ExpertUnavailableException e)
        {
            // The step's KV is void; nothing of it has been named or counted, so the sequences alone are lost.
            WorkerLog.ExpertUnavailable(Logger, Id, Batch.Planned.Count, e);
            foreach (TSequence sequence in Batch.Planned)
            {
                OnFailed(sequence, e.Message, retryable: true);
            }

            OnStepCompleted();
            return false;
        }
    }

    /// <summary>Tells every planned sequence what became of it.</summary>
    /// <returns>Tokens that the step computed.</returns>
    private int HandOut()
    {
        int tokens = 0;
        for (int i = 0; i < Batch.Planned.Count; i++)
        {
            TSequence sequence = Batch.Planned[i];
            tokens += Batch.ChunkOf(i);
            ref readonly StepSequence planned = ref Batch.Plan[i];
            int standing = CountStanding(sequence, planned, i, out string? error);
            if (error is null || standing > 0)
            {
                int computed = planned.Tokens.Length - planned.SampleRows + standing;
                sequence.Advance(computed, _result.State(i, computed - 1), Pool);
                sequence.Account.Charge(computed);
                Metrics.Served(sequence.Class, computed);
                if (_result.ScoredCount(i) > 0)
                {
                    OnScored(sequence, i, _result);
                }
            }

            if (standing > 0)
            {
                _speculator?.Verified(planned.SampleRows - 1, standing - 1);
                OnSampled(sequence, i, standing, _result);
            }

            if (error is not null)
            {
                OnFailed(sequence, error, retryable: false);
            }
        }

        return tokens;
    }

    /// <summary>Tokens sampled for a sequence that are as plain decoding gives them, up to its end, and the error after them, if one comes.</summary>
    private int CountStanding(TSequence sequence, in StepSequence planned, int index, out string? error)
    {
        int standing = Verification.CountStanding(planned, _result, index);
        error = _result.Token(index, Math.Max(standing, 1) - 1).Error;
        standing -= error is null ? 0 : Math.Min(standing, 1);
        for (int row = 0; row < standing; row++)
        {
            if (sequence.EndsWith(_result.Token(index, row).Token))
            {
                error = null;
                return row + 1;
            }
        }

        return standing;
    }

    private void OnThreadEnded(Exception? fault)
    {
        if (fault is not null)
        {
            Fault = $"{fault.GetType().Name}: {fault.Message}";
            WorkerLog.WorkerFaulted(Logger, Id, fault);
        }

        OnEnd(fault is null ? $"worker {Id} is stopping" : $"worker {Id} failed");
        Batch.Clear();
        _drained.TrySetResult();
        NotifyChanged();
    }
}
