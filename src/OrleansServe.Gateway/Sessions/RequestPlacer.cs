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
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// Gets a prompt computed and its answer begun: admission, room on a decode worker, prefill, and the decode worker's consent. A worker that refuses
/// or fails is avoided on the next attempt.
/// </summary>
internal sealed partial class RequestPlacer
{
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(100);

    private readonly WorkerGrains _grains;
    private readonly TokenRouter _router;
    private readonly LeaseReleaser _releaser;
    private readonly SuspicionReporter _suspicions;
    private readonly GatewayIdentity _identity;
    private readonly GatewayOptions _options;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RequestPlacer> _logger;

    /// <param name="grains">The cluster.</param>
    /// <param name="router">Where tokens will arrive.</param>
    /// <param name="releaser">Takes back what failed attempts held.</param>
    /// <param name="suspicions">Is told of workers that are lost.</param>
    /// <param name="identity">Who asks, and for what model.</param>
    /// <param name="options">Limits.</param>
    /// <param name="metrics">Counts the attempts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives what each attempt met.</param>
    public RequestPlacer(
        WorkerGrains grains,
        TokenRouter router,
        LeaseReleaser releaser,
        SuspicionReporter suspicions,
        GatewayIdentity identity,
        IOptions<GatewayOptions> options,
        GatewayMetrics metrics,
        TimeProvider time,
        ILogger<RequestPlacer> logger)
    {
        _grains = grains;
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
            Admission admission = await AdmitAsync(attempt, lease, cancellationToken);
            attempt.Queued += _time.GetElapsedTime(begun);
            KvTicket? ticket = null;
            if (order.NeedsDecode)
            {
                inbox = new TokenInbox(attempt.Id, admission.Decode.Key, firstIndex: 1, order.MaxTokens, _time.GetTimestamp(), order.Samples, order.FirstSample);
                _router.Open(inbox);
                ticket = await ReserveAsync(attempt, admission, lease, inbox, cancellationToken);
            }

            PrefillResult prefill = await UnlessLostAsync(inbox, admission, token => PrefillAsync(attempt, admission, ticket, token), cancellationToken);
            TokenSample first = prefill.FirstToken!;
            bool over = order.MaxTokens == 1 || order.Request.Stop.EndTokens.Contains(first.Token);
            if (ticket is not null && (order.Samples > 1 || !over))
            {
                if (over)
                {
                    inbox!.EndSample(order.FirstSample);
                }

                _router.Expect(inbox!, await UnlessLostAsync(inbox, admission, token => DecodeAsync(attempt, ticket, first.Token, admission, token), cancellationToken));
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

    private async Task<Admission> AdmitAsync(PlacementAttempt attempt, WorkerLease lease, CancellationToken cancellationToken)
    {
        WorkOrder order = attempt.Order;
        AdmissionRequest asked = new(
            attempt.Id, _identity.Node, order.Tokens.Length, order.MaxTokens, attempt.Hashes, _identity.KvFormatHex, attempt.Avoid, order.Request.Scheduling)
        {
            Samples = order.Samples,
            IsResume = order.IsResume,
        };
        lease.Admitted = true;
        Admission admission = await CallAsync(
            [],
            "The scheduler",
            token => _grains.Scheduler.AdmitAsync(asked, token),
            _options.AdmissionTimeout,
            cancellationToken);
        if (admission.Outcome == AdmissionOutcome.Admitted)
        {
            return admission;
        }

        lease.Admitted = false;
        string reason = RequestRejectedException.Sentence(admission.Reason ?? "the scheduler gave no reason");
        throw new WorkerRefusedException([], reason, retryable: true)
        {
            // One that moves is asked again as one that cannot be reached.
            Answer = admission.Outcome switch
            {
                AdmissionOutcome.Moving => null,
                AdmissionOutcome.Overloaded => RequestRejectedException.Overloaded(reason, admission.RetryAfter),
                AdmissionOutcome.TooLarge => RequestRejectedException.Invalid(reason),
                _ => RequestRejectedException.Unavailable(reason),
            },
        };
    }

    private async Task<KvTicket> ReserveAsync(PlacementAttempt attempt, Admission admission, WorkerLease lease, TokenInbox inbox, CancellationToken cancellationToken)
    {
        WorkOrder order = attempt.Order;
        ReserveRequest asked = new(attempt.Id, order.Tokens, attempt.Hashes, order.MaxTokens, _identity.KvFormatHex, order.Request.Scheduling)
        {
            Samples = order.Samples,
            GatewayAddress = _router.Address,
        };
        lease.Decode = admission.Decode;
        ReserveResult reserved = await UnlessAsync(
            inbox.Doubted,
            token => CallAsync(
                [admission.Decode], $"Decode worker {admission.Decode}", token => _grains.Decode(admission.Decode).ReserveAsync(asked, token), _options.DecodeCallTimeout, token),
            () => new WorkerRefusedException([admission.Decode], $"The connection to worker {admission.Decode} broke.", retryable: true) { Gone = true },
            cancellationToken);
        if (reserved.Ticket is KvTicket ticket)
        {
            _router.Expect(inbox, new TokenChannelId(reserved.TokenChannel));
            return ticket;
        }

        lease.Decode = null;
        throw new WorkerRefusedException([admission.Decode], $"Decode worker {admission.Decode} refused: {reserved.Refusal}.", reserved.Retryable)
        {
            NoRoom = reserved.NoRoom,
            Gone = reserved.Ended,
        };
    }

    private async Task<PrefillResult> PrefillAsync(PlacementAttempt attempt, Admission admission, KvTicket? ticket, CancellationToken cancellationToken)
    {
        WorkOrder order = attempt.Order;
        PrefillRequest asked = new(attempt.Id, order.Tokens, attempt.Hashes, order.Sampling, ticket, _identity.KvFormatHex, order.Request.Scheduling)
        {
            PromptTopLogprobs = order.PromptTopLogprobs,
        };

        // What fails may be the transfer, and then nobody knows which end of it is at fault.
        ImmutableArray<WorkerId> involved = ticket is null ? [admission.Prefill] : [admission.Prefill, admission.Decode];
        PrefillResult result = await CallAsync(
            involved,
            $"Prefill worker {admission.Prefill}",
            token => _grains.Prefill(admission.Prefill).PrefillAsync(asked, token),
            _options.PrefillTimeout,
            cancellationToken,
            isLoss: true);
        return result.FirstToken is not null
            ? result
            : throw new WorkerRefusedException(involved, $"Prefill worker {admission.Prefill} failed: {result.Error}.", result.Retryable)
            {
                NoRoom = result.NoRoom,
                Lost = result.Ended,
                Gone = result.Ended,
            };
    }

    private async Task<TokenChannelId> DecodeAsync(PlacementAttempt attempt, KvTicket ticket, int firstToken, Admission admission, CancellationToken cancellationToken)
    {
        DecodeRequest asked = new(ticket.Id, attempt.Id, firstToken, attempt.Order.Sampling, attempt.Order.Request.Stop.EndTokens, _router.Address);
        DecodeResult result = await CallAsync(
            [admission.Decode],
            $"Decode worker {admission.Decode}",
            token => _grains.Decode(admission.Decode).DecodeAsync(asked, token),
            _options.DecodeCallTimeout,
            cancellationToken,
            isLoss: true);
        if (!result.Accepted)
        {
            throw new WorkerRefusedException([admission.Decode], $"Decode worker {admission.Decode} refused: {result.Error}.", result.Retryable) { Lost = result.Ended, Gone = result.Ended };
        }

        return new TokenChannelId(result.TokenChannel);
    }

    /// <summary>Awaits a call unless the inbox says first that its worker is lost, which the data plane knows within milliseconds.</summary>
    private async Task<T> UnlessLostAsync<T>(TokenInbox? inbox, Admission admission, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        if (inbox is null)
        {
            return await call(cancellationToken);
        }

        return await UnlessAsync(LostAsync(), call, Loss, cancellationToken);

        async Task LostAsync()
        {
            await inbox.Lost;
            if (inbox.End == InboxEnd.WorkerFailed)
            {
                // A prefill worker that gave up ends its KV transfer, and says why itself: only one that is gone does not.
                await Task.Delay(LastWords, _time, CancellationToken.None);
            }
        }

        WorkerRefusedException Loss()
        {
            if (inbox.End is InboxEnd.WorkerFailed or InboxEnd.WorkerLost)
            {
                _suspicions.Report(inbox.End == InboxEnd.WorkerFailed ? admission.Prefill : admission.Decode);
            }

            ImmutableArray<WorkerId> involved = inbox.End == InboxEnd.WorkerFailed ? [admission.Decode, admission.Prefill] : [admission.Decode];
            return new WorkerRefusedException(involved, inbox.Fault, retryable: inbox.End != InboxEnd.RequestFailed) { Lost = inbox.End != InboxEnd.HandedOver, Gone = true };
        }
    }

    private static async Task<T> UnlessAsync<T>(Task lost, Func<CancellationToken, Task<T>> call, Func<WorkerRefusedException> loss, CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<T> answer = call(end.Token);
        await Task.WhenAny(answer, lost);
        if (answer.IsCompleted)
        {
            return await answer;
        }

        await end.CancelAsync();
        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        throw loss();
    }

    private async Task<T> CallAsync<T>(
        ImmutableArray<WorkerId> workers,
        string who,
        Func<CancellationToken, Task<T>> call,
        TimeSpan limit,
        CancellationToken cancellationToken,
        bool isLoss = false)
    {
        try
        {
            return await GrainCall.InvokeAsync(who, call, limit, _time, cancellationToken);
        }
        catch (GrainUnreachableException fault)
        {
            if (workers.Length > 0)
            {
                _suspicions.Report(workers[0]);
            }

            throw new WorkerRefusedException(workers, fault.Message, retryable: true, fault) { Lost = isLoss, Gone = true };
        }
    }
}
