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
/// or fails is avoided on the next attempt; what an attempt held is released before the next one begins.
/// </summary>
internal sealed partial class RequestPlacer
{
    private readonly WorkerGrains _grains;
    private readonly TokenRouter _router;
    private readonly LeaseReleaser _releaser;
    private readonly GatewayIdentity _identity;
    private readonly GatewayOptions _options;
    private readonly GatewayMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<RequestPlacer> _logger;

    /// <param name="grains">The cluster.</param>
    /// <param name="router">Where tokens will arrive.</param>
    /// <param name="releaser">Takes back what failed attempts held.</param>
    /// <param name="identity">Who asks, and for what model.</param>
    /// <param name="options">Limits.</param>
    /// <param name="metrics">Counts the attempts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives what each attempt met.</param>
    public RequestPlacer(
        WorkerGrains grains,
        TokenRouter router,
        LeaseReleaser releaser,
        GatewayIdentity identity,
        IOptions<GatewayOptions> options,
        GatewayMetrics metrics,
        TimeProvider time,
        ILogger<RequestPlacer> logger)
    {
        _grains = grains;
        _router = router;
        _releaser = releaser;
        _identity = identity;
        _options = options.Value;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Places a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="prompt">Its prompt, and whatever it has produced before.</param>
    /// <param name="maxTokens">Tokens still to be produced at most.</param>
    /// <param name="cancellationToken">The client's going.</param>
    /// <returns>A stream whose first token is there; whoever gets it has to end it.</returns>
    /// <exception cref="RequestRejectedException">Refused, or every attempt failed.</exception>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task<PlacedStream> PlaceAsync(Generation request, ImmutableArray<int> prompt, int maxTokens, CancellationToken cancellationToken)
    {
        ImmutableArray<UInt128> hashes = KvBlockHasher.HashPrompt(prompt.AsSpan(), _identity.KvFormat.Span);
        ImmutableArray<WorkerId> avoid = [];
        TimeSpan queued = TimeSpan.Zero;
        for (int attempt = 0; ; attempt++)
        {
            WorkerLease lease = new(request.RequestId);
            TokenInbox? inbox = null;
            bool placed = false;
            try
            {
                long begun = _time.GetTimestamp();
                Admission admission = await AdmitAsync(request, prompt, maxTokens, hashes, avoid, lease, cancellationToken);
                queued += _time.GetElapsedTime(begun);

                KvTicket? ticket = maxTokens == 1 && request.Samples == 1 ? null : await ReserveAsync(request, prompt, maxTokens, hashes, admission, lease, cancellationToken);
                PrefillResult prefill = await PrefillAsync(request, prompt, hashes, admission, ticket, cancellationToken);
                TokenSample first = prefill.FirstToken!;
                bool over = maxTokens == 1 || request.Stop.EndTokens.Contains(first.Token);
                if (ticket is not null && (request.Samples > 1 || !over))
                {
                    inbox = new TokenInbox(request.RequestId, admission.Decode.Key, firstIndex: 1, limit: maxTokens, _time.GetTimestamp(), request.Samples);
                    if (over)
                    {
                        inbox.EndSample(0);
                    }

                    _router.Open(inbox);
                    _router.Expect(inbox, await DecodeAsync(request, ticket, first.Token, admission, cancellationToken));
                }

                placed = true;
                Placement placement = new(admission, ticket, first, prefill.CachedTokens, queued + prefill.QueueTime, prefill.PromptScores);
                return new PlacedStream(placement, lease, inbox, _router, _releaser);
            }
            catch (WorkerRefusedException refusal) when (refusal.Retryable && attempt < _options.MaxRetries)
            {
                _metrics.Retries.Inc();
                LogRetry(_logger, request.RequestId, attempt + 1, refusal.Message, refusal.InnerException);
                avoid = [.. avoid.Union(refusal.Workers)];
            }
            catch (WorkerRefusedException refusal)
            {
                throw refusal.NoRoom ? RequestRejectedException.Overloaded(refusal.Message, _options.RetryAfter, refusal)
                    : refusal.Retryable ? RequestRejectedException.Unavailable(refusal.Message, refusal)
                    : RequestRejectedException.Failed(refusal.Message, refusal);
            }
            finally
            {
                if (!placed)
                {
                    if (inbox is not null)
                    {
                        _router.Close(inbox);
                    }

                    // Awaited: the next admission counts the request anew under the same id.
                    await _releaser.ReleaseAsync(lease);
                }
            }
        }
    }

    private async Task<Admission> AdmitAsync(
        Generation request,
        ImmutableArray<int> prompt,
        int maxTokens,
        ImmutableArray<UInt128> hashes,
        ImmutableArray<WorkerId> avoid,
        WorkerLease lease,
        CancellationToken cancellationToken)
    {
        AdmissionRequest asked = new(request.RequestId, _identity.Node, prompt.Length, maxTokens, hashes, _identity.KvFormatHex, avoid, request.Scheduling) { Samples = request.Samples };
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
        string reason = admission.Reason ?? "the scheduler gave no reason";
        throw admission.Outcome switch
        {
            AdmissionOutcome.Overloaded => RequestRejectedException.Overloaded(RequestRejectedException.Sentence(reason), admission.RetryAfter),
            AdmissionOutcome.TooLarge => RequestRejectedException.Invalid(RequestRejectedException.Sentence(reason)),
            _ => RequestRejectedException.Unavailable(RequestRejectedException.Sentence(reason)),
        };
    }

    private async Task<KvTicket> ReserveAsync(
        Generation request,
        ImmutableArray<int> prompt,
        int maxTokens,
        ImmutableArray<UInt128> hashes,
        Admission admission,
        WorkerLease lease,
        CancellationToken cancellationToken)
    {
        ReserveRequest asked = new(request.RequestId, prompt, hashes, maxTokens, _identity.KvFormatHex, request.Scheduling) { Samples = request.Samples };
        lease.Decode = admission.Decode;
        ReserveResult reserved = await CallAsync(
            [admission.Decode],
            $"Decode worker {admission.Decode}",
            token => _grains.Decode(admission.Decode).ReserveAsync(asked, token),
            _options.DecodeCallTimeout,
            cancellationToken);
        if (reserved.Ticket is KvTicket ticket)
        {
            return ticket;
        }

        lease.Decode = null;
        throw new WorkerRefusedException([admission.Decode], $"Decode worker {admission.Decode} refused: {reserved.Refusal}.", reserved.Retryable) { NoRoom = reserved.NoRoom };
    }

    private async Task<PrefillResult> PrefillAsync(
        Generation request,
        ImmutableArray<int> prompt,
        ImmutableArray<UInt128> hashes,
        Admission admission,
        KvTicket? ticket,
        CancellationToken cancellationToken)
    {
        PrefillRequest asked = new(request.RequestId, prompt, hashes, request.Sampling, ticket, _identity.KvFormatHex, request.Scheduling)
        {
            PromptTopLogprobs = request.PromptTopLogprobs,
        };

        // What fails may be the transfer, and then nobody knows which end of it is at fault.
        ImmutableArray<WorkerId> involved = ticket is null ? [admission.Prefill] : [admission.Prefill, admission.Decode];
        PrefillResult result = await CallAsync(
            involved,
            $"Prefill worker {admission.Prefill}",
            token => _grains.Prefill(admission.Prefill).PrefillAsync(asked, token),
            _options.PrefillTimeout,
            cancellationToken);
        return result.FirstToken is not null
            ? result
            : throw new WorkerRefusedException(involved, $"Prefill worker {admission.Prefill} failed: {result.Error}.", result.Retryable) { NoRoom = result.NoRoom };
    }

    private async Task<TokenChannelId> DecodeAsync(Generation request, KvTicket ticket, int firstToken, Admission admission, CancellationToken cancellationToken)
    {
        DecodeRequest asked = new(ticket.Id, request.RequestId, firstToken, request.Sampling, request.Stop.EndTokens, _router.Address);
        DecodeResult result = await CallAsync(
            [admission.Decode],
            $"Decode worker {admission.Decode}",
            token => _grains.Decode(admission.Decode).DecodeAsync(asked, token),
            _options.DecodeCallTimeout,
            cancellationToken);
        if (!result.Accepted)
        {
            throw new WorkerRefusedException([admission.Decode], $"Decode worker {admission.Decode} refused: {result.Error}.", result.Retryable);
        }

        return new TokenChannelId(result.TokenChannel);
    }

    private async Task<T> CallAsync<T>(
        ImmutableArray<WorkerId> workers,
        string who,
        Func<CancellationToken, Task<T>> call,
        TimeSpan limit,
        CancellationToken cancellationToken)
    {
        try
        {
            return await GrainCall.InvokeAsync(who, call, limit, _time, cancellationToken);
        }
        catch (GrainUnreachableException fault)
        {
            throw new WorkerRefusedException(workers, fault.Message, retryable: true, fault);
        }
    }
}
