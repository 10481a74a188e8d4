using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Options;
using OrleansServe.Protocol.V1;
using Silo = OrleansServe.Protocol.V1.Silo;

namespace OrleansServe.Gateway.Cluster;

/// <summary>What this gateway knows of its cluster.</summary>
internal sealed class ClusterView
{
    private readonly WorkerGrains _grains;
    private readonly Func<IEnumerable<Silo>> _silos;
    private readonly string _model;
    private readonly string _kvFormat;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;

    /// <param name="grains">Where the scheduler is.</param>
    /// <param name="silos">Gives the silos.</param>
    /// <param name="model">The model served.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">The clock.</param>
    public ClusterView(WorkerGrains grains, Func<IEnumerable<Silo>> silos, GatewayModel model, IOptions<GatewayOptions> options, TimeProvider time)
    {
        _grains = grains;
        _silos = silos;
        _model = model.Name;
        _kvFormat = Convert.ToHexStringLower(model.KvFormat.Span);
        _limit = options.Value.SnapshotTimeout;
        _time = time;
    }

    /// <summary>The silos of a membership service, by name.</summary>
    public static IEnumerable<Silo> SilosOf(IClusterMembershipService membership) => membership.CurrentSnapshot.Members.Values
        .Select(member => new Silo { Name = member.Name ?? string.Empty, Address = member.SiloAddress.ToParsableString(), Status = $"{member.Status}" })
        .OrderBy(silo => silo.Name, StringComparer.Ordinal)
        .ThenBy(silo => silo.Address, StringComparer.Ordinal);

    /// <summary>Why no request can be served now; null when one can.</summary>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async Task<string?> FindObstacleAsync(CancellationToken cancellationToken)
    {
        try
        {
            SchedulerSnapshot snapshot = await SnapshotAsync(cancellationToken);
            WorkerStatus[] own = [.. snapshot.Workers.Where(worker => worker.KvFormat == _kvFormat)];
            int prefill = own.Count(worker => worker.Role == WorkerRole.Prefill);
            int decode = own.Count(worker => worker.Role == WorkerRole.Decode);
            int foreign = snapshot.Workers.Count(worker => worker.Role is not WorkerRole.Expert) - prefill - decode;
            string others = foreign == 0 ? "" : $" Workers of other weights or another KV format, of which there are {foreign}, do not serve it.";
            return prefill > 0 && decode > 0
                ? null
                : $"Model {_model} has {prefill} prefill and {decode} decode workers; it needs at least one of each.{others}";
        }
        catch (GrainUnreachableException unreachable)
        {
            return unreachable.Message;
        }
    }

    /// <summary>Silos, workers and their load.</summary>
    /// <param name="experts">Say where experts are, too.</param>
    /// <param name="cancellationToken">The caller is gone.</param>
    /// <exception cref="GrainUnreachableException">The scheduler, or who keeps the experts' plan, does not answer.</exception>
    /// <exception cref="OperationCanceledException">The caller is gone.</exception>
    public async Task<GetClusterResponse> DescribeAsync(bool experts, CancellationToken cancellationToken)
    {
        SchedulerSnapshot snapshot = await SnapshotAsync(cancellationToken);
        GetClusterResponse response = new() { QueuedRequests = snapshot.QueuedRequests };
        response.Silos.AddRange(_silos());
        response.Workers.AddRange(snapshot.Workers.Select(Describe));
        if (experts && _grains.Plans is { } plans && snapshot.Workers.Any(worker => worker.Role == WorkerRole.Expert))
        {
            response.Experts = ExpertView.Of(await GrainCall.InvokeAsync("The experts' plan", _ => plans.GetHeatAsync(), _limit, _time, cancellationToken));
        }

        return response;
    }

    private Task<SchedulerSnapshot> SnapshotAsync(CancellationToken cancellationToken) =>
        GrainCall.InvokeAsync("The scheduler", _ => _grains.Scheduler.GetSnapshotAsync(), _limit, _time, cancellationToken);

    private Worker Describe(WorkerStatus status) => new()
    {
        Id = status.Worker.Key,
        Role = status.Role switch
        {
            WorkerRole.Prefill => Worker.Types.Role.Prefill,
            WorkerRole.Decode => Worker.Types.Role.Decode,
            WorkerRole.Expert => Worker.Types.Role.Expert,
            _ => Worker.Types.Role.Unspecified,
        },
        Model = _model,
        RunningRequests = status.Load.RunningRequests,
        QueuedRequests = status.Load.QueuedRequests,
        QueuedTokens = status.Load.QueuedTokens,
        KvBlocksTotal = status.Load.KvBlocksTotal,
        KvBlocksUsed = status.Load.KvBlocksUsed,
        KvBlocksCached = status.Load.KvBlocksCached,
        Experts = status.Load.Experts,
        ExpertRows = status.Load.ExpertRows,
        ReportAgeSeconds = status.ReportAge.TotalSeconds,
        WeightsFingerprint = status.WeightsFingerprint,
    };
}
