using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Scheduling;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Tokens;

namespace OrleansServe.Grains.Workers.Decode;

/// <summary>
/// Produces tokens: holds blocks for a request, receives its KV, takes it into the running batch when everything has arrived and been verified,
/// and sends each gateway one frame a step.
/// </summary>
internal sealed class DecodeWorker : EngineWorker<DecodeSequence>
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SignInterval = TimeSpan.FromSeconds(5);

    private readonly string _address;
    private readonly KvReservations _reservations;
    private readonly Dictionary<Guid, DecodeSequence> _requests = [];
    private readonly GatewayStreams _streams;
    private readonly IKvRegistration _registration;
    private readonly ITimer _sweep;
    private TimeSpan _signedAt;

    public DecodeWorker(WorkerId id, IEngine engine, WorkerContext context)
        : base(id, WorkerRole.Decode, engine, context)
    {
        _address = context.DataPlane.Address;
        _streams = new GatewayStreams(context.DataPlane, id);
        _reservations = new KvReservations(id, engine.Kv, Time, Thread) { Ready = OnKvReady, Failed = (reservation, error) => Fail(reservation.Sequence, error) };
        _registration = context.DataPlane.RegisterKv(id.Device, _reservations);
        Batch.Preempted = _ => Metrics.Preempted();
        Batch.Resumed = (_, tokens) => Metrics.Recomputed(tokens);
        _sweep = Time.CreateTimer(_ => Thread.Post(Sweep), null, SweepInterval, SweepInterval);
    }

    /// <summary>Where the transports deliver.</summary>
    public IKvReceiver Receiver => _reservations;

    /// <summary>Holds blocks; see <see cref="IDecodeWorkerGrain.ReserveAsync"/>.</summary>
    public async Task<ReserveResult> ReserveAsync(ReserveRequest request)
    {
        try
        {
            return DecodeRules.Refuse(request, Engine.Info, Id, Model.KvFormatHex) ?? await Thread.InvokeAsync(() => Reserve(request));
        }
        catch (WorkerUnavailableException e)
        {
            return new ReserveResult(null, e.Message, true);
        }
    }

    /// <summary>Takes a request in; see <see cref="IDecodeWorkerGrain.DecodeAsync"/>.</summary>
    public async Task<DecodeResult> DecodeAsync(DecodeRequest request)
    {
        try
        {
            return await Thread.InvokeAsync(() => Accept(request));
        }
        catch (WorkerUnavailableException e)
        {
            return new DecodeResult(false, e.Message, true);
        }
    }

    /// <summary>Ends a request; see <see cref="IDecodeWorkerGrain.ReleaseAsync"/>.</summary>
    public Task ReleaseAsync(Guid requestId) => EndAsync(() => Release(requestId));

    /// <summary>Ends one sample; see <see cref="IDecodeWorkerGrain.ReleaseSampleAsync"/>.</summary>
    public Task ReleaseSampleAsync(Guid requestId, int sample) =>
        sample is >= 0 and < SampleId.MaxSamples ? EndAsync(() => ReleaseSample(requestId, sample)) : Task.CompletedTask;

    private async Task EndAsync(Func<bool> release)
    {
        try
        {
            await Thread.InvokeAsync(release, limited: false);
        }
        catch (WorkerUnavailableException)
        {
            // A worker that has ended holds nothing any more.
        }
    }

    protected override IEnumerable<Guid> HeldRequests => _requests.Keys;

    protected override WorkerLoad MeasureLoad()
    {
        // Whoever waits for blocks is to be reckoned with as if it had them.
        int used = Pool.Held;
        Span<int> givenBack = stackalloc int[ServiceClasses.Count];
        Batch.CountReturns(givenBack);
        foreach (DecodeSequence sequence in Batch.Running)
        {
            used += sequence.Blocks.IsEmpty ? sequence.BlocksLacking : 0;
        }

        int running = Batch.Running.Count;
        WorkerLoad load = new(
            running,
            _requests.Count - running,
            0,
            Pool.Count,
            Math.Min(used, Pool.Count),
            Pool.Cached,
            0,
            0,
            givenBack[(int)ServiceClass.Standard],
            givenBack[(int)ServiceClass.Batch]);
        Metrics.Load(load);
        return load;
    }

    protected override long CountHeldBlocks() => _requests.Values.Sum(sequence => (long)sequence.Blocks.Length);

    protected override void OnSampled(DecodeSequence sequence, int index, int tokens, StepResult result)
    {
        TokenStreamEnd end = TokenStreamEnd.None;
        for (int row = 0; row < tokens; row++)
        {
            ref readonly SampledToken token = ref result.Token(index, row);
            sequence.Append(token.Token);
            end = sequence.EndAfter(token.Token);
            TokenOrigin origin = row > 0 ? TokenOrigin.Draft : TokenOrigin.Step(result.SampledCount(index) - 1);
            sequence.Stream!.Frame.Add(
                sequence.RequestId, sequence.Produced - 1, token.Token, token.Logprob, token.TopTokens.Span, token.TopLogprobs.Span, end, origin);
        }

        if (end != TokenStreamEnd.None)
        {
            End(sequence);
        }
    }

    protected override void OnFailed(DecodeSequence sequence, string error, bool retryable) =>
        Fail(sequence, error, retryable ? TokenStreamEnd.Failed : TokenStreamEnd.Impossible);

    protected override void OnStepCompleted()
    {
        if (!_streams.Flush())
        {
            Sweep();
        }
    }

    protected override void OnEnd(string reason)
    {
        _registration.Dispose();
        _sweep.Dispose();
        foreach (DecodeSequence sequence in _requests.Values.ToArray())
        {
            Fail(sequence, reason);
        }

        _streams.Dispose();
    }

    private ReserveResult Reserve(ReserveRequest request)
    {
        if (Enumerable.Range(0, request.Samples).Any(sample => _requests.ContainsKey(SampleId.Of(request.RequestId, sample))))
        {
            return new ReserveResult(null, $"worker {Id} serves request {request.RequestId:N} already", false);
        }

        // Each stream takes one token of every step: one more than a step has room for would starve.
        int limit = Math.Min(Options.MaxRequests, Engine.Info.MaxBatchTokens);
        if (_requests.Count + request.Samples > limit)
        {
            return new ReserveResult(null, $"worker {Id} holds {_requests.Count} samples of at most {limit}: no room for {request.Samples}", true) { NoRoom = true };
        }

        int begin = BlockMath.BlocksForSamples(request.Prompt.Length, Math.Min(request.MaxTokens, 2), request.Samples);
        int worstCase = Math.Max(begin, BlockMath.BlocksForRequest(request.Prompt.Length, request.MaxTokens));
        if (worstCase > Pool.Count)
        {
            return new ReserveResult(
                null,
                $"a prompt of {request.Prompt.Length} tokens, max_tokens {request.MaxTokens} and n {request.Samples} need {worstCase} KV blocks; worker {Id} has {Pool.Count}",
                true);
        }

        if (TryHold(request, begin) is not { } sequence)
        {
            return new ReserveResult(null, $"worker {Id} has {Pool.Available} of the {begin} KV blocks needed, or others wait for them", true) { NoRoom = true };
        }

        int held = sequence.Computed / KvBlockHasher.BlockTokens;
        int promptBlocks = BlockMath.BlocksFor(sequence.PromptLength);
        sequence.Reservation = _reservations.Open(sequence, held, promptBlocks);
        NoteArrival(request.RequestId);
        _requests.Add(request.RequestId, sequence);
        foreach (DecodeSequence fork in sequence.Forks)
        {
            fork.Reservation = sequence.Reservation;
            _requests.Add(fork.RequestId, fork);
        }

        NotifyChanged();
        KvTicket ticket = new(
            sequence.Reservation.TicketId, request.RequestId, Id, _address, promptBlocks, held, Model.KvFormatHex, Time.GetUtcNow() + Options.TicketLifetime);
        return new ReserveResult(ticket, null, false);
    }

    /// <summary>A sequence with blocks for its prompt and its next token; more are taken as it grows. Null if there is no room.</summary>
    private DecodeSequence? TryHold(ReserveRequest request, int blocks)
    {
        DecodeSequence sequence = Sample(request, 0);
        sequence.Reuse(Pool, request.BlockHashes.Length * KvBlockHasher.BlockTokens);
        int tokens = request.Prompt.Length + Math.Min(request.MaxTokens, 2) - 1;
        if (Batch.TryMakeRoom(sequence.Class, blocks - sequence.Blocks.Length, Now) && sequence.TryGrow(Pool, tokens))
        {
            sequence.Forks = [.. Enumerable.Range(1, request.Samples - 1).Select(sample => Sample(request, sample))];
            return sequence;
        }

        sequence.GiveBack(Pool);
        Tenants.Leave(sequence.Account);
        return null;
    }

    private DecodeSequence Sample(ReserveRequest request, int sample) => new(request, sample, RootName)
    {
        Order = NextOrder(),
        Class = ServiceClasses.Of(request.Scheduling.Priority),
        Account = Tenants.Enter(request.Scheduling.Tenant),
        StateWidth = StateWidth,
    };

    private DecodeResult Accept(DecodeRequest request)
    {
        if (!_reservations.TryFind(request.TicketId, out KvReservation? reservation) || reservation.Sequence.RequestId != request.RequestId)
        {
            return new DecodeResult(
                false, $"worker {Id} holds no ticket {request.TicketId:N} for request {request.RequestId:N}: it expired, or its KV transfer failed", true);
        }

        DecodeSequence sequence = reservation.Sequence;
        if (sequence.Stream is not null)
        {
            return new DecodeResult(false, $"ticket {request.TicketId:N} is in use", false);
        }

        if ((uint)request.FirstToken >= (uint)Engine.Info.VocabularySize)
        {
            return new DecodeResult(false, $"first token {request.FirstToken} is outside 0..{Engine.Info.VocabularySize - 1}", false);
        }

        if (TokenSamples.FindFault(request.Sampling, Engine.Info) is { } fault)
        {
            return new DecodeResult(false, fault, false);
        }

        GatewayStream stream;
        try
        {
            stream = _streams.Open(request.GatewayAddress);
        }
        catch (PeerUnreachableException e)
        {
            Release(request.RequestId);
            return new DecodeResult(false, e.Message, false);
        }

        sequence.Open(request, stream);
        sequence.Append(request.FirstToken);
        sequence.IsOver |= sequence.Forks.Length > 0 && sequence.EndAfter(request.FirstToken) != TokenStreamEnd.None;
        foreach (DecodeSequence fork in sequence.Forks)
        {
            if (!fork.Ended)
            {
                fork.Open(request, stream);
            }
        }

        JoinIfReady(sequence);
        return new DecodeResult(true, null, false, stream.Channel.Id.Value);
    }

    private void OnKvReady(KvReservation reservation)
    {
        DecodeSequence sequence = reservation.Sequence;
        if (sequence.Ended)
        {
            return;
        }

        reservation.IsReady = true;
        sequence.TakeOver(sequence.PromptLength, Pool);
        JoinIfReady(sequence);
    }

    private void JoinIfReady(DecodeSequence sequence)
    {
        if (sequence is { Stream: not null, Reservation.IsReady: true })
        {
            Begin(sequence);
            foreach (DecodeSequence fork in sequence.Forks)
            {
                if (!fork.Ended)
                {
                    // The full blocks that the prompt has filled are named by now; what lies behind them the fork computes for itself.
                    fork.Reuse(Pool, fork.PromptLength - 1);
                    Begin(fork);
                }
            }

            if (sequence.IsOver)
            {
                End(sequence);
            }

            NotifyChanged();
        }
    }

    private void Begin(DecodeSequence sequence)
    {
        sequence.Begun = true;
        if (!sequence.IsOver)
        {
            Batch.Join(sequence);
        }
    }

    private bool Release(Guid requestId)
    {
        for (int sample = 0; sample < SampleId.MaxSamples; sample++)
        {
            if (_requests.TryGetValue(SampleId.Of(requestId, sample), out DecodeSequence? sequence))
            {
                End(sequence);
            }
        }

        return true;
    }

    private bool ReleaseSample(Guid requestId, int sample)
    {
        if (_requests.TryGetValue(SampleId.Of(requestId, sample), out DecodeSequence? sequence))
        {
            // The prompt's KV arrives in sample 0's blocks: without them the others could not begin.
            sequence.IsOver = true;
            if (sequence.Begun || sequence.Sample > 0)
            {
                End(sequence);
            }
        }

        return true;
    }

    private void Fail(DecodeSequence sequence, string error, TokenStreamEnd end = TokenStreamEnd.Failed)
    {
        if (sequence.Ended)
        {
            return;
        }

        if (sequence.Stream is { } stream)
        {
            stream.Frame.AddFailure(sequence.RequestId, sequence.Produced, error, end);
            stream.Channel.Send(stream.Frame);
            stream.Frame.Clear();
        }

        End(sequence);
        foreach (DecodeSequence fork in sequence.Forks)
        {
            if (!fork.Begun)
            {
                Fail(fork, error);
            }
        }
    }

    private void End(DecodeSequence sequence)
    {
        if (sequence.Ended)
        {
            return;
        }

        sequence.Ended = true;
        if (sequence.Sample == 0)
        {
            _reservations.Close(sequence.Reservation!);
            if (!sequence.Reservation!.IsReady)
            {
                // Its prefill worker need not find out with the next block.
                _registration.Abort(sequence.Reservation.TicketId, "the reservation was released.");
            }
        }

        _requests.Remove(sequence.RequestId);
        Batch.Leave(sequence);
        sequence.GiveBack(Pool);
        Tenants.Leave(sequence.Account);
        if (sequence.Stream is { } stream)
        {
            stream.Requests--;
        }

        NotifyChanged();
    }

    /// <summary>Takes back what expired and what belongs to gateways that are gone.</summary>
    private void Sweep()
    {
        long now = Time.GetTimestamp();
        foreach (DecodeSequence sequence in _requests.Values.ToArray())
        {
            KvReservation reservation = sequence.Reservation!;
            if (sequence.Stream is { Channel.IsOpen: false })
            {
                End(sequence);
            }
            else if ((!reservation.IsReady || sequence.Stream is null) && Time.GetElapsedTime(reservation.LastArrival, now) > Options.TicketLifetime)
            {
                Fail(sequence, $"the KV did not arrive within {Options.TicketLifetime.TotalSeconds:0.###} s");
            }
        }

        _streams.RemoveClosed();
        if (Now - _signedAt >= SignInterval)
        {
            _signedAt = Now;
            SendSignsOfLife();
        }
    }

    /// <summary>Streams that wait for blocks, or compute again what preemption has cost them, are silent but well: their gateways must not give them up.</summary>
    private void SendSignsOfLife()
    {
        foreach (DecodeSequence sequence in Batch.Running)
        {
            if (sequence.BlocksLacking > 0 || sequence.Pending > BatchPolicy.RowTokens)
            {
                sequence.Stream!.Frame.AddSignOfLife(sequence.RequestId);
            }
        }

        _streams.Flush();
    }
}
