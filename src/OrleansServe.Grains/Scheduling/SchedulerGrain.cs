using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Placement;
using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Scheduling;

/// <summary>
/// Admits requests by the workers' reports: <see cref="AdmissionQueue"/> says who is next, <see cref="AdmissionBook"/> whether and where there is room.
/// Reentrant: requests wait in its queue while reports come in.
/// </summary>
[GatewayPlacement, Reentrant]
public sealed class SchedulerGrain : Grain, ISchedulerGrain
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(250);

    private readonly SchedulerOptions _options;
    private readonly TimeProvider _time;
    private readonly IClusterMembershipService _membership;
    private readonly SiloAddress _silo;
    private readonly SchedulerMetrics _metrics;
    private readonly WorkerTable _workers;
    private readonly AdmissionBook _book;
    private readonly AdmissionQueue _queue;
    private readonly TenantAccounts _tenants = new();
    private readonly EndedRequests _ended = new();
    private readonly DemandCounter _demand = new();
    private readonly DateTimeOffset _since;
    private readonly long _epoch;

    /// <summary>Made by the grain runtime.</summary>
    public SchedulerGrain(
        IOptions<SchedulerOptions> options,
        IOptions<ServiceOptions> service,
        TimeProvider time,
        IClusterMembershipService membership,
        ILocalSiloDetails silo,
        SchedulerServices services)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(services);
        _silo = silo.SiloAddress;
        _options = options.Value;
        _time = time;
        _epoch = time.GetTimestamp();
        _since = time.GetUtcNow();
        _membership = membership;
        _metrics = services.Metrics;
        _workers = new WorkerTable(time) { Fill = new WorkerFill(_options.MaxQueuedTokens, _options.MaxRequestsPerDecodeWorker) };
        AdmissionLimits limits = new(_options.MaxQueuedTokens, _options.MaxRequestsPerDecodeWorker, service.Value.Overcommit);
        _book = new AdmissionBook(_workers, _tenants, limits, _options.RetryAfter) { Demand = _demand };
        _queue = new AdmissionQueue(_tenants, _options.MaxQueuedRequests, service.Value.Targets);
    }

    private string Model => this.GetPrimaryKeyString();

    /// <summary>Its silo stops, which waits for whoever waits here.</summary>
    private bool IsLeaving => _membership.CurrentSnapshot.Members.TryGetValue(_silo, out ClusterMember? own) && own.Status is SiloStatus.ShuttingDown or SiloStatus.Stopping;

    private TimeSpan Now => _time.GetElapsedTime(_epoch);

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _metrics.Begin(Model);
        this.RegisterGrainTimer(Sweep, new GrainTimerCreationOptions(SweepInterval, SweepInterval) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _metrics.End(Model);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<Admission> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);

        // Before it is queued: what the policy refuses to look at would stop everyone behind it.
        if (AdmissionBook.FaultOf(request) is { } fault)
        {
            return Count(_book.Refusal(AdmissionOutcome.TooLarge, fault));
        }

        if (_ended.Contains(request.RequestId))
        {
            throw new OperationCanceledException($"request {request.RequestId:N} has ended already");
        }

        _demand.Arrived(request);
        PendingAdmission pending = _queue.Open(request, Now);
        try
        {
            Enqueue(pending);
            Admission answer = await pending.Result.Task.WaitAsync(cancellationToken);

            // What is answered already does not look at the token.
            cancellationToken.ThrowIfCancellationRequested();
            return Count(answer);
        }
        catch (OperationCanceledException)
        {
            // It may have been answered meanwhile: whoever asked is gone, so the admission is taken back.
            _queue.Remove(pending);
            _book.Complete(request.RequestId);
            DrainQueue();
            throw;
        }
        finally
        {
            _queue.Close(pending);
            _metrics.Waiting(Model, pending.Class, _queue.CountOf(pending.Class));
        }
    }

    /// <inheritdoc/>
    public Task CompleteAsync(Guid requestId)
    {
        if (!_book.Complete(requestId))
        {
            // Whoever gives up while he waits, or before his call has come, says so here too; his cancellation may come later, and must not find
            // that the room which others give back meanwhile has gone to him.
            if (_queue.Find(requestId) is { } waiting)
            {
                _queue.Remove(waiting);
                waiting.Result.TrySetCanceled();
            }
            else
            {
                _ended.Add(requestId, Now);
            }
        }

        DrainQueue();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<bool> ReportAsync(WorkerReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        bool known = _workers.Apply(report);
        if (known)
        {
            foreach (TenantTokens served in report.Role == WorkerRole.Decode ? report.Served : [])
            {
                _tenants.Find(served.Tenant)?.Charge(served.Tokens);
            }

            DrainQueue();
        }

        return Task.FromResult(known);
    }

    /// <inheritdoc/>
    public Task SuspectAsync(WorkerId worker)
    {
        // An expert shard is asked by others than this gateway; it goes with its silo or its reports.
        _workers.Expire(_options.WorkerTimeout, entry => entry.Report.Worker.Node == worker.Node && entry.Report.Role != WorkerRole.Expert);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<SchedulerSnapshot> GetSnapshotAsync() => Task.FromResult(new SchedulerSnapshot(
        [.. _workers.All.Select(entry => new WorkerStatus(
            entry.Report.Worker,
            entry.Report.Role,
            entry.Report.Load,
            _time.GetElapsedTime(entry.ReportedAt),
            entry.Report.WeightsFingerprint,
            entry.Report.DataPlaneAddress,
            entry.Report.KvFormat)
        {
            Draining = entry.Report.Draining,
            Fill = _workers.Fill.Of(entry.Report),
            Busy = entry.Busy,
            Served = entry.Served,
            UniqueBlocks = entry.UniqueBlocks,
        })],
        _queue.Count)
    { Demand = _demand.Read(_queue.Waiting, _since, Now) });

    private Admission Count(Admission answer)
    {
        _metrics.Answered(Model, answer.Outcome);
        return answer;
    }

    private void Enqueue(PendingAdmission pending)
    {
        if (_queue.Count == 0 && TryAnswer(pending))
        {
            return;
        }

        if (_queue.IsFull)
        {
            PendingAdmission refused = _queue.Displace(pending) ?? pending;
            Answer(refused, _book.Refusal(AdmissionOutcome.Overloaded, $"{_queue.Count} requests wait for admission, which is the limit"));
            if (refused == pending)
            {
                return;
            }
        }

        _queue.Add(pending);
        _metrics.Waiting(Model, pending.Class, _queue.CountOf(pending.Class));
        DrainQueue();
    }

    private void DrainQueue() => _queue.Drain(Now, TryAnswer);

    private bool TryAnswer(PendingAdmission pending)
    {
        Admission? answer = IsLeaving
            ? _book.Refusal(AdmissionOutcome.Moving, "the scheduler moves to another silo")
            : _book.TryAdmit(pending.Request, AddressOf(pending.Request.GatewayNode));
        if (answer is null || (answer.Outcome is AdmissionOutcome.NoWorkers or AdmissionOutcome.TooLarge && Now < _options.SettleTime))
        {
            // Where the scheduler has just come to, the workers have yet to tell it that they are there.
            return false;
        }

        Answer(pending, answer);
        return true;
    }

    private void Answer(PendingAdmission pending, Admission answer)
    {
        _queue.Remove(pending);
        _metrics.Waiting(Model, pending.Class, _queue.CountOf(pending.Class));
        pending.Result.TrySetResult(answer);
    }

    private Task Sweep(CancellationToken cancellationToken)
    {
        ImmutableHashSet<string> nodes = [.. LiveMembers().Select(member => member.Name)];
        ImmutableHashSet<SiloAddress> silos = [.. LiveMembers().Select(member => member.SiloAddress)];
        _workers.Expire(_options.WorkerTimeout, entry => !nodes.Contains(entry.Report.Worker.Node));
        _ended.Forget(Now);
        foreach (Guid orphan in _book.FindOrphans(IsLive))
        {
            _book.Complete(orphan);
        }

        foreach (PendingAdmission late in _queue.Expired(Now, _options.MaxQueueTime))
        {
            Answer(late, _book.Refusal(AdmissionOutcome.Overloaded, $"no worker had room within {_options.MaxQueueTime.TotalSeconds:0.###} s"));
        }

        if (IsLeaving)
        {
            _queue.AnswerAll(TryAnswer);
        }

        DrainQueue();
        foreach (WorkerRole role in Enum.GetValues<WorkerRole>())
        {
            _metrics.Working(Model, role, _workers.All.Count(entry => entry.Report.Role == role));
        }

        return Task.CompletedTask;

        bool IsLive(AdmittedRequest admitted) => admitted.Gateway is { } gateway ? silos.Contains(gateway) : nodes.Contains(admitted.Request.GatewayNode);
    }

    private IEnumerable<ClusterMember> LiveMembers() => _membership.CurrentSnapshot.Members.Values
        .Where(member => member.Status is SiloStatus.Active or SiloStatus.Joining or SiloStatus.ShuttingDown or SiloStatus.Stopping);

    private SiloAddress? AddressOf(string node) => LiveMembers().Where(member => member.Name == node).Select(member => member.SiloAddress).Max();
}
