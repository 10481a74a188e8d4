using System.Net;
using Microsoft.Extensions.Logging;

namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>
/// Sets how many pods the StatefulSets of prefill and decode have. A set always has its first pods, so that those with the last numbers leave: they are told to stop as at any other time, and
/// hand their streams over within the pod's grace period. Machines without pods are lent to other work by a label, and taken back before more pods are asked for.
/// </summary>
internal sealed partial class KubernetesFleet : IFleetAdapter, IDisposable
{
    private const int ConflictAttempts = 5;

    private readonly KubernetesFleetOptions _options;
    private readonly KubernetesApi _api;
    private readonly KubernetesMachines _machines;
    private readonly ILogger<KubernetesFleet> _logger;

    public KubernetesFleet(KubernetesFleetOptions options, TimeProvider time, ILogger<KubernetesFleet> logger)
    {
        (_options, _logger) = (options, logger);
        _api = new KubernetesApi(options, time);
        _machines = new KubernetesMachines(options, _api);
    }

    public bool TakesLastByNumber => true;

    public async Task<FleetNodes> ReadAsync(FleetNodes present, CancellationToken cancellation) =>
        new((await ReadScaleAsync(_options.PrefillSet, cancellation)).Replicas, (await ReadScaleAsync(_options.DecodeSet, cancellation)).Replicas);

    public async Task ApplyAsync(FleetOrder order, CancellationToken cancellation)
    {
        await LendAsync(order, cancellation);
        await ScaleAsync(_options.PrefillSet, order.Nodes.Prefill, order.Reason, cancellation);
        await ScaleAsync(_options.DecodeSet, order.Nodes.Decode, order.Reason, cancellation);
    }

    public void Dispose() => _api.Dispose();

    private string PathOf(string set) => $"/apis/apps/v1/namespaces/{_api.Namespace}/statefulsets/{set}/scale";

    private async Task<ScaleObject> ReadScaleAsync(string set, CancellationToken cancellation)
    {
        KubernetesReply reply = await _api.SendAsync(HttpMethod.Get, PathOf(set), null, cancellation);
        return reply.Status == HttpStatusCode.OK
            ? ScaleObject.Read(reply.Body)
            : throw new FleetUnchangeableException($"there is no StatefulSet {set} in {_api.Namespace}: {reply.Body.FindText("message") ?? reply.Status.ToString()}");
    }

    private async Task ScaleAsync(string set, int replicas, string reason, CancellationToken cancellation)
    {
        bool? grows = null;
        for (int attempt = 1; ; attempt++)
        {
            ScaleObject scale = await ReadScaleAsync(set, cancellation);
            bool more = replicas > scale.Replicas;

            // Somebody else set it meanwhile, beyond what was wanted: what was meant to add takes nothing away, nor the other way round.
            if (replicas == scale.Replicas || (grows is { } first && first != more))
            {
                return;
            }

            grows = more;
            KubernetesReply reply = await _api.SendAsync(HttpMethod.Put, PathOf(set), scale.With(replicas, set, _api.Namespace), cancellation);
            if (reply.Status is HttpStatusCode.OK or HttpStatusCode.Created)
            {
                LogScaled(_logger, set, scale.Replicas, replicas, reason);
                return;
            }

            if (reply.Status != HttpStatusCode.Conflict || attempt >= ConflictAttempts)
            {
                throw new FleetUnchangeableException($"{set} could not be scaled to {replicas} in {attempt} attempts: {reply.Body.FindText("message") ?? reply.Status.ToString()}");
            }
        }
    }

    /// <summary>Lends and takes back. A pool that cannot be seen is no reason not to serve: it is said, and the sets are scaled all the same.</summary>
    private async Task LendAsync(FleetOrder order, CancellationToken cancellation)
    {
        if (_options.Pool is null)
        {
            return;
        }

        try
        {
            await _machines.LendAsync(order.Nodes, LogLent, cancellation);
        }
        catch (FleetUnchangeableException fault)
        {
            LogNotLent(_logger, fault);
        }
    }

    private void LogLent(string machine, bool lent) => LogMachine(_logger, machine, lent ? "lent" : "taken back");

    [LoggerMessage(EventId = 3611, Level = LogLevel.Information, Message = "{Set} is scaled from {Before} to {Replicas} pods: {Reason}")]
    private static partial void LogScaled(ILogger logger, string set, int before, int replicas, string reason);

    [LoggerMessage(EventId = 3612, Level = LogLevel.Information, Message = "Machine {Machine} is {Change}.")]
    private static partial void LogMachine(ILogger logger, string machine, string change);

    [LoggerMessage(EventId = 3613, Level = LogLevel.Warning, Message = "Machines are neither lent nor taken back.")]
    private static partial void LogNotLent(ILogger logger, Exception fault);
}
