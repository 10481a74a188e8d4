using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Instruments;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// Gets a prompt computed and its answer begun: admission, room on a decode worker, prefill, and the decode worker's consent. A worker that refuses
/// or fails is avoided on the next attempt.
/// </summary>
internal sealed partial class RequestPlacer
{
    private readonly PlacementCalls _calls;
    private readonly TokenRouter _router;
    private readonly LeaseReleaser _releaser;
    private readonly SuspicionReporter _suspicions;
    private readonly GatewayIdentity _identity;
    private readonly GatewayOptions _options;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RequestPlacer> _logger;

    /// <param name="calls">What is asked of the cluster.</param>
    /// <param name="router">Where tokens will arrive.</param>
    /// <param name="releaser">Takes back what failed attempts held.</param>
    /// <param name="suspicions">Is told of workers that are lost.</param>
    /// <param name="identity">Who asks, and for what model.</param>
    /// <param name="options">Limits.</param>
    /// <param name="metrics">Counts the attempts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives what each attempt met.</param>
    public RequestPlacer(
        PlacementCalls calls,
        TokenRouter router,
        LeaseReleaser releaser,
        SuspicionReporter suspicions,
        GatewayIdentity identity,
        IOptions<GatewayOptions> options,
        GatewayMetrics metrics,
        TimeProvider time,
        ILogger<RequestPlacer> logger)
    {
        _calls = calls;
        _router = router;
        _releaser = releaser;
        _suspicions = suspicions;
        _identity = identity;
        _options = options.Value;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>What a new request may lose.</summary>
    public ResumeBudget NewBudget() => new(_options.MaxResumes);

    /// <summary>Places what an interruption has left of a sample; see <see cref="PlaceAsync"/>.</summary>
    public Task<PlacedStream> ResumeAsync(WorkOrder order, Interruption interruption, ResumeBudget budget, CancellationToken cancellationToken)
    {
        if (interruption.End == InboxEnd.WorkerLost)
        {
            _suspicions.Report(interruption.Workers[0]);
        }

        LogResume(_logger, order.Request.RequestId, order.FirstSample, order.Tokens.Length - order.Request.Prompt.Length, interruption.Fault);
        return PlaceAsync(order, budget, cancellationToken);
    }

    /// <summary>Places what is asked for.</summary>
    /// <param name="order">A request, or what is left of it.</param>
    /// <param name="budget">How often it may lose a worker.</param>
    /// <param name="cancellationToken">The client's going.</param>
    /// <returns>A stream whose first token is there; whoever gets it has to end it.</returns>
    /// <exception cref="RequestRejectedException">Refused, or every attempt failed.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task<PlacedStream> PlaceAsync(WorkOrder order, ResumeBudget budget, CancellationToken cancellationToken)
    {
        PlacementPatience patience = new(order, budget, _options, _time);
        ImmutableArray<UInt128> hashes = KvBlockHasher.HashPrompt(order.Tokens.AsSpan(), _identity.KvFormat.Span);
        ImmutableArray<WorkerId> avoid = order.Avoid;
        TimeSpan queued = TimeSpan.Zero;
        for (bool again = order.IsResume; ; again = true)
        {
            // A name for each attempt: what a worker that is slow rather than gone still holds or sends belongs to nobody any more.
            PlacementAttempt attempt = new(order, again ? Guid.NewGuid() : order.Request.RequestId, hashes, avoid) { Queued = queued };
            try
            {
                return await TryPlaceAsync(attempt, cancellationToken);
            }
            catch (WorkerRefusedException refusal)
            {
                if (patience.Consider(refusal) is not TimeSpan pause)
                {
                    throw patience.Reject(refusal);
                }

                _metrics.Retries.Inc();
                LogRetry(_logger, order.Request.RequestId, attempt.Id, refusal.Message, refusal.InnerException);
                queued = attempt.Queued;
                avoid = [.. avoid.Union(refusal.Workers)];
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause, _time, cancellationToken);
                }
            }
        }
    }

    private async Task<PlacedStream> TryPlaceAsync(PlacementAttempt attempt, CancellationToken cancellationToken)
    {
        WorkOrder order = attempt.Order;
        WorkerLease lease = new(attempt.Id);
        TokenInbox? inbox = null;
        bool placed = false;
        try
        {
            long begun = _time.GetTimestamp();
            Admission admission = await _calls.AdmitAsync(attempt, lease, cancellationToken);
            attempt.Queued += _time.GetElapsedTime(begun);
            KvTicket? ticket = null;
            if (order.NeedsDecode)
            {
                inbox = new TokenInbox(attempt.Id, admission.Decode.Key, firstIndex: 1, order.MaxTokens, _time.GetTimestamp(), order.Samples, order.FirstSample);
                _router.Open(inbox);
                ticket = await _calls.ReserveAsync(attempt, admission, lease, inbox, cancellationToken);
            }

            PrefillResult prefill = await _calls.PrefillAsync(attempt, admission, ticket, inbox, cancellationToken);
            TokenSample first = prefill.FirstToken!;
            bool over = order.MaxTokens == 1 || order.Request.Stop.EndTokens.Contains(first.Token);
            if (ticket is not null && (order.Samples > 1 || !over))
            {
                if (over)
                {
                    inbox!.EndSample(order.FirstSample);
                }

                await _calls.DecodeAsync(attempt, admission, ticket, first.Token, inbox!, cancellationToken);
            }

            placed = true;
            Placement placement = new(admission, ticket, first, prefill.CachedTokens, attempt.Queued + prefill.QueueTime, prefill.PromptScores);
            return new PlacedStream(order, placement, lease, inbox, _router, _releaser);
        }
        finally
        {
            if (!placed)
            {
                if (inbox is not null)
                {
                    _router.Close(inbox);
                }

                // Not awaited: who is gone takes his time to say so, and the next attempt has a name of its own.
                _ = _releaser.ReleaseAsync(lease);
            }
        }
    }
}
