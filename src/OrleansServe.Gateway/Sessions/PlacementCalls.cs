using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Cluster;
using OrleansServe.Gateway.Options;
using OrleansServe.Gateway.Tokens;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// The calls that place a request, one after the other: admission, room, prefill, the decode worker's consent. Whatever a call meets, a refusal, a worker that is lost meanwhile, no
/// answer in time, comes out as <see cref="WorkerRefusedException"/>.
/// </summary>
/// <param name="grains">The cluster.</param>
/// <param name="router">Where tokens will arrive.</param>
/// <param name="suspicions">Is told of workers that are lost.</param>
/// <param name="identity">Who asks, and for what model.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
internal sealed class PlacementCalls(
    WorkerGrains grains, TokenRouter router, SuspicionReporter suspicions, GatewayIdentity identity, IOptions<GatewayOptions> options, TimeProvider time)
{
    // A worker that gave up may say why itself: only one that is gone does not.
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(100);

    private readonly GatewayOptions _options = options.Value;

    /// <summary>Asks the scheduler for workers.</summary>
    /// <exception cref="WorkerRefusedException">It gives none.</exception>
    public async Task<Admission> AdmitAsync(PlacementAttempt attempt, WorkerLease lease, CancellationToken cancellationToken)
    {
        WorkOrder order = attempt.Order;
        AdmissionRequest asked = new(
            attempt.Id, identity.Node, order.Tokens.Length, order.MaxTokens, attempt.Hashes, identity.KvFormatHex, attempt.Avoid, order.Request.Scheduling)
        {
            Samples = order.Samples,
            IsResume = order.IsResume,
        };
        lease.Admitted = true;
        Admission admission = await CallAsync([], "The scheduler", token => grains.Scheduler.AdmitAsync(asked, token), _options.AdmissionTimeout, isLoss: false, cancellationToken);
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

    /// <summary>Asks the decode worker for room; the inbox knows afterwards over which channel it speaks.</summary>
    /// <exception cref="WorkerRefusedException">It gives none, or is lost.</exception>
    public async Task<KvTicket> ReserveAsync(PlacementAttempt attempt, Admission admission, WorkerLease lease, TokenInbox inbox, CancellationToken cancellationToken)
    {
        WorkOrder order = attempt.Order;
        WorkerId worker = admission.Decode;
        ReserveRequest asked = new(attempt.Id, order.Tokens, attempt.Hashes, order.MaxTokens, identity.KvFormatHex, order.Request.Scheduling)
        {
            Samples = order.Samples,
            GatewayAddress = router.Address,
        };
        lease.Decode = worker;
        ReserveResult reserved = await UnlessAsync(
            inbox.Doubted,
            token => CallAsync([worker], $"Decode worker {worker}", token => grains.Decode(worker).ReserveAsync(asked, token), _options.DecodeCallTimeout, isLoss: false, token),
            () => new WorkerRefusedException([worker], $"The connection to worker {worker} broke.", retryable: true) { Gone = true },
            cancellationToken);
        if (reserved.Ticket is KvTicket ticket)
        {
            router.Expect(inbox, new TokenChannelId(reserved.TokenChannel));
            return ticket;
        }

        lease.Decode = null;
        throw new WorkerRefusedException([worker], $"Decode worker {worker} refused: {reserved.Refusal}.", reserved.Retryable)
        {
            NoRoom = reserved.NoRoom,
            TooLarge = reserved.TooLarge,
            Gone = reserved.Ended,
        };
    }

    /// <summary>Has the prompt computed, and its KV sent where the ticket says.</summary>
    /// <exception cref="WorkerRefusedException">It was not, or a worker is lost.</exception>
    public async Task<PrefillResult> PrefillAsync(PlacementAttempt attempt, Admission admission, KvTicket? ticket, TokenInbox? inbox, CancellationToken cancellationToken)
    {
        WorkOrder order = attempt.Order;
        WorkerId worker = admission.Prefill;
        using PrefillWatch watch = new(router, worker, _options.PrefillSilence, time.GetTimestamp());
        PrefillRequest asked = new(attempt.Id, order.Tokens, attempt.Hashes, order.Sampling, ticket, identity.KvFormatHex, order.Request.Scheduling)
        {
            PromptTopLogprobs = order.PromptTopLogprobs,
            GatewayAddress = router.Address,
            WatchId = watch.Id,
        };

        // What fails may be the transfer, and then nobody knows which end of it is at fault.
        ImmutableArray<WorkerId> involved = ticket is null ? [worker] : [worker, admission.Decode];
        PrefillResult result = await UnlessLostAsync(
            inbox,
            admission,
            token => UnlessAsync(
                AfterLastWordsAsync(watch.Lost),
                token => CallAsync(involved, $"Prefill worker {worker}", token => grains.Prefill(worker).PrefillAsync(asked, token), _options.PrefillTimeout, isLoss: true, token),
                () => Lost(worker, [worker], watch.Fault),
                token),
            cancellationToken);
        return result.FirstToken is not null
            ? result
            : throw new WorkerRefusedException(involved, $"Prefill worker {worker} failed: {result.Error}.", result.Retryable)
            {
                NoRoom = result.NoRoom,
                TooLarge = result.TooLarge,
                Lost = result.Ended,
                Gone = result.Ended,
            };
    }

    /// <summary>Has the decode worker take the request in; the inbox knows afterwards over which channel its tokens come.</summary>
    /// <exception cref="WorkerRefusedException">It does not, or is lost.</exception>
    public async Task DecodeAsync(PlacementAttempt attempt, Admission admission, KvTicket ticket, int firstToken, TokenInbox inbox, CancellationToken cancellationToken)
    {
        WorkerId worker = admission.Decode;
        DecodeRequest asked = new(ticket.Id, attempt.Id, firstToken, attempt.Order.Sampling, attempt.Order.Request.Stop.EndTokens, router.Address);
        DecodeResult result = await UnlessLostAsync(
            inbox,
            admission,
            token => CallAsync([worker], $"Decode worker {worker}", token => grains.Decode(worker).DecodeAsync(asked, token), _options.DecodeCallTimeout, isLoss: true, token),
            cancellationToken);
        if (!result.Accepted)
        {
            throw new WorkerRefusedException([worker], $"Decode worker {worker} refused: {result.Error}.", result.Retryable) { Lost = result.Ended, Gone = result.Ended };
        }

        router.Expect(inbox, new TokenChannelId(result.TokenChannel));
    }

    /// <summary>Awaits a call unless the inbox says first that its worker is lost, which the data plane knows within milliseconds.</summary>
    private Task<T> UnlessLostAsync<T>(TokenInbox? inbox, Admission admission, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        return inbox is null ? call(cancellationToken) : UnlessAsync(LostAsync(inbox), call, () => Loss(inbox), cancellationToken);

        async Task LostAsync(TokenInbox inbox)
        {
            await inbox.Lost;
            if (inbox.End == InboxEnd.WorkerFailed)
            {
                // A prefill worker that gave up ends its KV transfer, and says why itself.
                await Task.Delay(LastWords, time, CancellationToken.None);
            }
        }

        WorkerRefusedException Loss(TokenInbox inbox)
        {
            if (inbox.End is InboxEnd.WorkerFailed or InboxEnd.WorkerLost)
            {
                suspicions.Report(inbox.End == InboxEnd.WorkerFailed ? admission.Prefill : admission.Decode);
            }

            ImmutableArray<WorkerId> involved = inbox.End == InboxEnd.WorkerFailed ? [admission.Decode, admission.Prefill] : [admission.Decode];
            return new WorkerRefusedException(involved, inbox.Fault, retryable: inbox.End != InboxEnd.RequestFailed) { Lost = inbox.End != InboxEnd.HandedOver, Gone = true };
        }
    }

    private async Task AfterLastWordsAsync(Task lost)
    {
        await lost;
        await Task.Delay(LastWords, time, CancellationToken.None);
    }

    private WorkerRefusedException Lost(WorkerId worker, ImmutableArray<WorkerId> involved, string fault)
    {
        suspicions.Report(worker);
        return new WorkerRefusedException(involved, fault, retryable: true) { Lost = true, Gone = true };
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
        ImmutableArray<WorkerId> workers, string who, Func<CancellationToken, Task<T>> call, TimeSpan limit, bool isLoss, CancellationToken cancellationToken)
    {
        try
        {
            return await GrainCall.InvokeAsync(who, call, limit, time, cancellationToken);
        }
        catch (GrainUnreachableException fault)
        {
            if (workers.Length > 0)
            {
                suspicions.Report(workers[0]);
            }

            throw new WorkerRefusedException(workers, fault.Message, retryable: true, fault) { Lost = isLoss, Gone = true };
        }
    }
}
