using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Policies.Batching;
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

    private readonly DecodeAdmission _admission;
    private readonly KvReservations _reservations;
    private readonly Dictionary<Guid, DecodeSequence> _requests = [];
    private readonly GatewayStreams _streams;
    private readonly IKvRegistration _registration;
    private readonly ITimer _sweep;
    private TimeSpan _signedAt;

    public DecodeWorker(WorkerId id, IEngine engine, WorkerContext context)
        : base(id, WorkerRole.Decode, engine, context)
    {
        _streams = new GatewayStreams(context.DataPlane, id);
        _reservations = new KvReservations(id, engine.Kv, Time, Thread) { Ready = OnKvReady, Failed = (reservation, error) => Fail(reservation.Sequence, error) };
        _admission = new DecodeAdmission(id, engine.Info, context, _requests, _reservations) { Pool = Pool, Batch = Batch, Tenants = Tenants, StateWidth = StateWidth };
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
            return new ReserveResult(null, e.Message, true) { Ended = true };
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
            return new DecodeResult(false, e.Message, true) { Ended = true };
        }
    }

    /// <summary>Ends a request; see <see cref="IDecodeWorkerGrain.ReleaseAsync"/>.</summary>
    public Task ReleaseAsync(Guid requestId) => EndAsync(() => Release(requestId));

    /// <summary>Ends one sample; see <see cref="IDecodeWorkerGrain.ReleaseSampleAsync"/>.</summary>
    public Task ReleaseSampleAsync(Guid requestId, int sample) =>
        sample is >= 0 and < SampleId.MaxSamples ? EndAsync(() => ReleaseSample(requestId, sample)) : Task.CompletedTask;

    /// <inheritdoc/>
    public override void HandOver(TimeSpan left, long room) => Thread.Post(() =>
    {
        foreach (DecodeSequence sequence in Batch.Running.ToArray())
        {
            if (!sequence.Ended && !DrainPolicy.EndsInTime(sequence.MaxTokens - sequence.Produced, Batch.Running.Count, Batch.Cost.Cost, left) && room > sequence.Blocks.Length)
            {
                room -= sequence.Blocks.Length + 1;
                Fail(sequence, $"worker {Id} is to stop", TokenStreamEnd.HandedOver);
            }
        }
    });

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
        WorkerLoad load = DecodeLoad.Measure(Pool, Batch, _requests.Count);
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
            Fail(sequence, reason, Fault is null ? TokenStreamEnd.HandedOver : TokenStreamEnd.Failed);
        }

        _streams.Dispose();
    }

    private ReserveResult Reserve(ReserveRequest request)
    {
        GatewayStream? stream;
        try
        {
            stream = request.GatewayAddress is { } gateway ? _streams.Open(gateway) : null;
        }
        catch (PeerUnreachableException e)
        {
            return new ReserveResult(null, e.Message.TrimEnd('.'), true);
        }

        ReserveResult result = _admission.Reserve(request, Now);
        if (result.Ticket is null)
        {
            return result;
        }

        NoteArrival(request.RequestId);
        NotifyChanged();
        if (stream is null)
        {
            return result;
        }

        for (int sample = 0; sample < request.Samples; sample++)
        {
            _requests[SampleId.Of(request.RequestId, sample)].Attach(stream);
        }

        return result with { TokenChannel = stream.Channel.Id.Value };
    }

    private DecodeResult Accept(DecodeRequest request)
    {
        if (!_reservations.TryFind(request.TicketId, out KvReservation? reservation) || reservation.Sequence.RequestId != request.RequestId)
        {
            return new DecodeResult(
                false, $"worker {Id} holds no ticket {request.TicketId:N} for request {request.RequestId:N}: it expired, or its KV transfer failed", true);
        }

        DecodeSequence sequence = reservation.Sequence;
        if (sequence.IsWanted)
        {
            return new DecodeResult(false, $"ticket {request.TicketId:N} is in use", false);
        }

        if (DecodeRules.Refuse(request, Engine.Info) is { } refusal)
        {
            return refusal;
        }

        GatewayStream stream;
        try
        {
            stream = _streams.Open(request.GatewayAddress);
        }
        catch (PeerUnreachableException e)
        {
            Release(request.RequestId);
            return new DecodeResult(false, e.Message.TrimEnd('.'), true);
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
        if (sequence is { IsWanted: true, Reservation.IsReady: true })
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
                Fail(fork, error, end);
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
        if (sequence.Sample == 0 && _reservations.Close(sequence.Reservation!))
        {
            // Its prefill worker need not find out with the next block.
            _registration.Abort(sequence.Reservation!.TicketId, "the reservation was released.");
        }

        _requests.Remove(sequence.RequestId);
        Batch.Leave(sequence);
        sequence.GiveBack(Pool);
        Tenants.Leave(sequence.Account);
        sequence.Detach();
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
            else if ((!reservation.IsReady || !sequence.IsWanted) && Time.GetElapsedTime(reservation.LastArrival, now) > Options.TicketLifetime)
            {
                Fail(sequence, $"the KV did not arrive within {Options.TicketLifetime.TotalSeconds:0.###} s");
            }
        }

        _streams.RemoveClosed();
        if (Now - _signedAt >= SignInterval)
        {
            _signedAt = Now;
            _streams.SendSignsOfLife(Batch.Running);
        }
    }
}
