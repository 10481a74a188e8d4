using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Grains.Workers.Channels;
using OrleansServe.Grains.Workers.Steps;
using OrleansServe.Policies.Batching;
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

    private readonly KvReservations _reservations;
    private readonly Dictionary<Guid, DecodeSequence> _requests = [];
    private readonly GatewayStreams _streams;
    private readonly DecodeRequests _lives;
    private readonly IKvRegistration _registration;
    private readonly ITimer _sweep;
    private TimeSpan _signedAt;

    public DecodeWorker(WorkerId id, IEngine engine, WorkerContext context)
        : base(id, WorkerRole.Decode, engine, context)
    {
        _streams = new GatewayStreams(context.DataPlane, id);
        _reservations = new KvReservations(id, engine.Kv, Time, Thread)
        {
            Ready = reservation => _lives!.OnKvReady(reservation),
            Failed = (reservation, error) => _lives!.Fail(reservation.Sequence, error),
        };
        _registration = context.DataPlane.RegisterKv(id.Device, _reservations);
        _lives = new DecodeRequests(id, engine.Info, _requests, _reservations, _streams)
        {
            Admission = new DecodeAdmission(id, engine.Info, context, _requests, _reservations) { Pool = Pool, Batch = Batch, Tenants = Tenants, StateWidth = StateWidth },
            Registration = _registration,
            Changed = NotifyChanged,
        };
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
            return await Thread.InvokeAsync(() => _lives.Accept(request));
        }
        catch (WorkerUnavailableException e)
        {
            return new DecodeResult(false, e.Message, true) { Ended = true };
        }
    }

    /// <summary>Ends a request; see <see cref="IDecodeWorkerGrain.ReleaseAsync"/>.</summary>
    public Task ReleaseAsync(Guid requestId) => EndAsync(() => _lives.Release(requestId));

    /// <summary>Ends one sample; see <see cref="IDecodeWorkerGrain.ReleaseSampleAsync"/>.</summary>
    public Task ReleaseSampleAsync(Guid requestId, int sample) =>
        sample is >= 0 and < SampleId.MaxSamples ? EndAsync(() => _lives.ReleaseSample(requestId, sample)) : Task.CompletedTask;

    /// <inheritdoc/>
    public override void HandOver(TimeSpan left, long room) => Thread.Post(() =>
    {
        foreach (DecodeSequence sequence in Batch.Running.ToArray())
        {
            if (!sequence.Ended && !DrainPolicy.EndsInTime(sequence.MaxTokens - sequence.Produced, Batch.Running.Count, Batch.Cost.Cost, left) && room > sequence.Blocks.Length)
            {
                room -= sequence.Blocks.Length + 1;
                _lives.Fail(sequence, $"worker {Id} is to stop", TokenStreamEnd.HandedOver);
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
            _lives.End(sequence);
        }
    }

    protected override void OnFailed(DecodeSequence sequence, string error, bool retryable) =>
        _lives.Fail(sequence, error, retryable ? TokenStreamEnd.Failed : TokenStreamEnd.Impossible);

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
            _lives.Fail(sequence, reason, Fault is null ? TokenStreamEnd.HandedOver : TokenStreamEnd.Failed);
        }

        _streams.Dispose();
    }

    private ReserveResult Reserve(ReserveRequest request)
    {
        ReserveResult result = _lives.Reserve(request, Now);
        if (result.Ticket is not null)
        {
            NoteArrival(request.RequestId);
            NotifyChanged();
        }

        return result;
    }

    /// <summary>Looks after what nobody asks about any more, and says of those that are silent but well that they are.</summary>
    private void Sweep()
    {
        _lives.Sweep(Time, Options.TicketLifetime);
        if (Now - _signedAt >= SignInterval)
        {
            _signedAt = Now;
            SendSignsOfLife();
        }
    }

    /// <summary>
    /// Says of streams that wait for blocks, or compute again what preemption has cost them, that they are silent but well: their gateways must not
    /// give them up.
    /// </summary>
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
